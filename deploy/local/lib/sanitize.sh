# The tests under a sanitizer: in a build of their own, and with what is found in them and in the nodes that they start.

# What cannot hold under a sanitizer, by a cause other than its slowness: its malloc is not glibc's.
UNSANITIZED='MemoryTrimTests'

# sanitize <thread|address> [argument of the tests…]
sanitize() {
  local kind=$1 found="$LOGS/found" status=0 runtime=""
  shift
  say "== swift build --sanitize=$kind"
  swift build --build-tests --sanitize="$kind" --scratch-path ".build/$kind" || die "the build failed."
  # A code of its own would fail the tests of how nodes end; what is found is looked for afterwards.
  case $kind in
    thread)
      runtime="$LOGS/swift-runtime.so"
      "$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O1 -shared -fPIC Tests/Sanitizers/swift-runtime.c \
        -o "$runtime" || die "Tests/Sanitizers/swift-runtime.c cannot be built."
      export TSAN_OPTIONS="log_path=$found:exitcode=0:history_size=4:second_deadlock_stack=1"
      ;;
    # What the tables of rows hold looks lost, since Swift marks addresses with bits: leaks are told apart by hand.
    address)
      export ASAN_OPTIONS="log_path=$found:detect_leaks=0:detect_odr_violation=0:detect_stack_use_after_return=1"
      ;;
  esac
  say "== the tests"
  LD_PRELOAD=$runtime ".build/$kind/debug/martletPackageTests.xctest" --testing-library swift-testing --no-parallel \
    --skip "$UNSANITIZED" "$@" </dev/null || status=$?
  compgen -G "$found.*" >/dev/null || return "$status"
  say "== what was found"
  cat "$found".*
  return 1
}
