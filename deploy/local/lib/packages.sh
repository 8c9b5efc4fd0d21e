# What must be installed, and the Debian packages that bring it. Only what is missing is installed.

# postgres_bin: the directory of the newest PostgreSQL server on this machine.
postgres_bin() {
  local directory
  for directory in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV); do
    [ -x "$directory/postgres" ] && echo "$directory" && return 0
  done
  directory=$(command -v postgres) && dirname "$directory"
}

missing_packages() {
  local row
  [ -n "$(postgres_bin)" ] || echo postgresql
  for row in redis-server:redis-server haproxy:haproxy curl:curl openssl:openssl setpriv:util-linux flock:util-linux; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${row%%:*}" >/dev/null || echo "${row#*:}"
  done
}

# What the build and the tests need besides the toolchain.
missing_build_packages() {
  local row
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  # To cut networks (deploy/tests), which only root can.
  [ "$(id -u)" != 0 ] || for row in ip:iproute2 iptables:iptables; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${row%%:*}" >/dev/null || echo "${row#*:}"
  done
  command -v pkg-config >/dev/null || {
    echo pkg-config libpq-dev libhiredis-dev libssl-dev zlib1g-dev libsodium-dev libcrypt-dev
    return 0
  }
  for row in libpq:libpq-dev hiredis:libhiredis-dev openssl:libssl-dev zlib:zlib1g-dev libsodium:libsodium-dev \
    libcrypt:libcrypt-dev; do
    pkg-config --exists "${row%%:*}" || echo "${row#*:}"
  done
}

require_swift() {
  command -v swift >/dev/null ||
    die "the Swift toolchain is missing: install Swift 6.3 or later (swift.org/install) so that 'swift' is in PATH."
}

# install_packages <name...>
install_packages() {
  [ $# -gt 0 ] || return 0
  local apt=(apt-get) conf=/etc/postgresql-common/createcluster.conf
  command -v apt-get >/dev/null || die "these are missing, and there is no apt-get here to install them: $*"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these are missing; install them as root: apt-get install $*"
    apt=(sudo apt-get)
  fi
  say "installing what is missing: $*"
  {
    "${apt[@]}" update -q
    if [[ " $* " == *" postgresql "* ]]; then
      # Debian would make and start a server of its own on port 5432; a private one is all that is wanted.
      DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -q -y --no-install-recommends postgresql-common &&
        "${apt[@]/apt-get/sed}" -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' "$conf"
    fi
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -q -y --no-install-recommends "$@"
  } >"$LOGS/packages.log" 2>&1 </dev/null || die_with_log packages "apt-get could not install: $*"
}
