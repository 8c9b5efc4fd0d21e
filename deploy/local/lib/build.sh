# The binary that the nodes run: a release build of this checkout, unless --binary has named another, now or before.

build_binary() {
  require_swift
  # shellcheck disable=SC2046
  install_packages $(missing_build_packages)
  say "building martlet (release; the first time takes some minutes, the log is $LOGS/build.log)"
  local flags=(-c release --product martlet --static-swift-stdlib)
  (cd "$ROOT" && swift build "${flags[@]}") >"$LOGS/build.log" 2>&1 9>&- </dev/null ||
    die_with_log build "the build failed."
  BINARY=$(cd "$ROOT" && swift build "${flags[@]}" --show-bin-path 9>&-)/martlet
  [ -x "$BINARY" ] || die_with_log build "the build has left no program at $BINARY."
  PROGRAM=built
}

# require_binary: the program that is remembered, or if its file is gone one that is built now, and remembered.
require_binary() {
  [ ! -x "$BINARY" ] || return 0
  [ -z "$BINARY" ] || warn "the program that this cluster was started with, $BINARY, is gone; one is built instead."
  build_binary
}
