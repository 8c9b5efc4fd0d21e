# shellcheck shell=bash
# The container engine, the bases of the image, and nodes in containers; for containers/test.

# Without systemd podman complains of its timers, for each container; and of those that are removed without their leave.
engine() { podman --runtime runc "$@" 2> >(grep -v 'systemd\|resorting to SIGKILL' >&2); }

missing_engine() {
  local row
  for row in podman runc debootstrap; do command -v "$row" >/dev/null || echo "$row"; done
}

# What a container gets: the machine's network, since one of its own needs kernel modules that not every machine has.
# Limits are no higher than an engine inside a container may give.
LIMITS=(--network host --read-only --cap-drop ALL --security-opt no-new-privileges --pids-limit 256 --memory 1g
  --ulimit nofile=20000:20000 --ulimit nproc=30000:30000)

megabytes() { echo $(($(podman inspect --format '{{.Size}}' "$1") / 1000000)); }

make_bases() {
  local root=$DIRECTORY/root
  if ! podman image exists debian:bookworm-slim; then
    say "making debian:bookworm-slim of Debian's packages"
    debootstrap --variant=minbase bookworm "$root" >"$LOGS/base.log" 2>&1 || die_with_log base "debootstrap failed."
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/lib/apt/lists/*
    tar -C "$root" -c . | podman import --quiet - debian:bookworm-slim >/dev/null
    rm -rf "$root"
  fi
  podman image exists swift:6.3-bookworm && return 0
  say "making swift:6.3-bookworm, without the toolchain"
  engine build --quiet --format docker --network host --tag swift:6.3-bookworm - >"$LOGS/base.log" <<'BASE' ||
FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends binutils gcc git libc6-dev libcurl4 libedit2 \
  libgcc-12-dev libncurses6 libpython3.11 libsqlite3-0 libstdc++-12-dev libxml2 libz3-4 pkg-config tzdata \
  && apt-get clean
ENV PATH=/opt/swift/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
BASE
    die_with_log base "the builder's base cannot be made."
}

# build_image <tag> [option...]: by deploy/Dockerfile as it is, or with the given binary in the place of the compiler's.
build_image() {
  local tag=$1 context=$ROOT file=$ROOT/deploy/Dockerfile mounts=()
  shift
  if [ -n "$BINARY_GIVEN" ]; then
    context=$DIRECTORY/context file=$DIRECTORY/context/Dockerfile
    ! ldd "$BINARY_GIVEN" | grep -q libswift ||
      die "'$BINARY_GIVEN' needs Swift's libraries; build it with --static-swift-stdlib."
    install -D "$ROOT/deploy/sbom" "$context/deploy/sbom"
    cp "$BINARY_GIVEN" "$context/martlet"
    sed 's|^RUN swift build .*|RUN install -D martlet .build/release/martlet|' "$ROOT/deploy/Dockerfile" >"$file"
    grep -q 'install -D martlet' "$file" || die "deploy/Dockerfile has no line 'RUN swift build' any more."
  elif command -v swift >/dev/null; then
    mounts=(--volume "$(dirname "$(dirname "$(realpath "$(command -v swift)")")"):/opt/swift:ro")
  fi
  engine build --format docker --network host --ulimit nofile=20000:20000 --ulimit nproc=30000:30000 "${mounts[@]}" \
    --file "$file" --tag "$tag" "$@" "$context" >"$LOGS/build.log" 2>&1
}

free_base() {
  local base
  for base in 17100 17200 17300 17400 17500 17600; do
    port_taken "$base" || port_taken $((base + 2)) || port_taken $((base + 10)) || {
      echo "$base"
      return 0
    }
  done
  die "no free ports for the tests."
}

# The containers' user is not the one who made the secrets: copies that he can read, each mounted by itself.
share_secrets() {
  local name
  mkdir -m 700 "$DIRECTORY/secrets"
  MOUNTS=()
  for name in database_url token_keys refresh_key; do
    install -m 444 "$SECRETS/$name" "$DIRECTORY/secrets/"
    MOUNTS+=(--volume "$DIRECTORY/secrets/$name:/run/secrets/$name:ro")
  done
}

# settings_of [node]: what deploy/local gives its nodes, with the secrets where the container sees them.
settings_of() {
  local setting
  while IFS= read -r setting; do
    [ -z "$setting" ] || printf '%s\0' --env "${setting/$SECRETS//run/secrets}"
  done < <(node_settings)
}

# run_once <image> <command...>
run_once() {
  local options
  mapfile -d '' options < <(settings_of)
  engine run --rm "${LIMITS[@]}" "${MOUNTS[@]}" "${options[@]}" "$@" >/dev/null
}

# The port of a node's probes lies behind its port for clients.
probe_port() { echo $(($(port_of "$1") + 15)); }

run_node() {
  local name=$1 image=$2 options
  mapfile -d '' options < <(settings_of)
  [ "$(node_role "$name")" = api ] || options+=(--env "MARTLET_PRIVATE_LISTEN=127.0.0.1:$(private_port "$name")")
  STARTED+=("$TAG-$name")
  engine run --detach --name "$TAG-$name" "${LIMITS[@]}" "${MOUNTS[@]}" "${options[@]}" \
    --env "MARTLET_NODE_ID=$name" --env "MARTLET_LISTEN=127.0.0.1:$(port_of "$name")" \
    --env "MARTLET_PROBE_LISTEN=127.0.0.1:$(probe_port "$name")" "$image" "$(node_role "$name")" >/dev/null
}

live() { engine healthcheck run "$TAG-$1" >/dev/null 2>&1; }
healthy() { engine exec "$TAG-$1" /usr/local/bin/martlet doctor --ready >/dev/null 2>&1; }
exit_code() { podman inspect --format '{{.State.ExitCode}}' "$TAG-$1"; }

# What the kernel says of the process, and that nothing can be written.
hardened() {
  local pid status
  pid=$(podman inspect --format '{{.State.Pid}}' "$TAG-$1")
  status=$(cat "/proc/$pid/status")
  grep -q '^Uid:[[:space:]]10001[[:space:]]10001' <<<"$status" && grep -q '^CapEff:[[:space:]]0*$' <<<"$status" &&
    grep -q '^CapBnd:[[:space:]]0*$' <<<"$status" && grep -q '^NoNewPrivs:[[:space:]]1$' <<<"$status" &&
    grep -q '^Seccomp:[[:space:]]2$' <<<"$status" && grep -q ' / / ro[, ]' "/proc/$pid/mountinfo"
}

# A name that has an address and nobody who listens: the program says refused, not unknown.
name_resolves() {
  local said
  said=$(engine run --rm "${LIMITS[@]}" "$1" listen http://localhost:9 token 2>&1)
  grep -q 'Connection refused' <<<"$said"
}

# lists_itself <image>: its list, taken out of a container that never ran, names what the Dockerfile installs.
lists_itself() {
  local container list=$DIRECTORY/sbom.json name
  container=$(engine create "$1") && engine cp "$container:/usr/share/sbom/martlet.spdx.json" "$list" || return 1
  engine rm "$container" >/dev/null
  for name in martlet swift libpq5 libhiredis0.14 libssl3 libsodium23 zlib1g libc6 ca-certificates; do
    grep -q "\"name\": \"$name\", \"versionInfo\": \"[0-9]" "$list" || return 1
  done
}

# drives <image>: into a volume that is made after the directory of the image.
drives() {
  engine volume rm --force "$TAG-report" >/dev/null 2>&1
  engine run --rm "${LIMITS[@]}" --volume "$ROOT/benchmarks/scenarios:/scenarios:ro" \
    --volume "$TAG-report:/report" "$1" bench /scenarios/smoke.json --target "$url" \
    --report /report/report.html --json /report/report.json --keep /report/population >"$LOGS/bench.log" 2>&1 &&
    return 0
  tail -n 20 "$LOGS/bench.log"
  return 1
}
report_stays() {
  local place
  place=$(podman volume inspect --format '{{.Mountpoint}}' "$TAG-report")
  grep -q '</html>' "$place/report.html" && [ -s "$place/report.json" ]
}

# call <path> <body> [token]
call() {
  curl -s --noproxy '*' --max-time 10 "$url$1" -H 'Content-Type: application/json' \
    ${3:+-H "Authorization: Bearer $3"} -d "$2"
}
first() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }

# Says it once, however often it is asked: until it is heard.
says_and_is_heard() {
  local id
  id=$(say_hello "$1" | first id)
  [ -n "$id" ] && heard "$id"
}
