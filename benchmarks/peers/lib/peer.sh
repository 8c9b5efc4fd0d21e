# What the peers' scripts share. A peer is a directory with a script `peer`:
#
#   peer about           its name and version, in a line
#   peer install         gets what it needs; fails with a sentence where that cannot be had
#   peer start PORT      becomes the server, on 127.0.0.1:PORT, until it is ended
#   peer speaks          plain, socketio-peer or mqtt, and after a blank the path, if it has one of its own

set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd -P)
PEERS=$(dirname "$HERE")
KEPT=${MARTLET_PEERS_DATA:-$PEERS/.local}

die() { echo "$(basename "$HERE"): $*" >&2 && exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages() { # <package>…
  local missing=()
  for name in "$@"; do dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name"); done
  [ ${#missing[@]} = 0 ] && return
  as_root apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    die "apt-get cannot install ${missing[*]}."
}

python_packages() { # <requirement>…
  mkdir -p "$KEPT"
  packages python3-venv
  [ -x "$KEPT/venv/bin/pip" ] || python3 -m venv "$KEPT/venv"
  "$KEPT/venv/bin/pip" install -q --disable-pip-version-check "$@" || die "pip cannot install $*."
}

peer() { # <what> [PORT]
  case ${1:-} in
    about | install | speaks) "$1" ;;
    start) start "${2:?peer start needs a port}" ;;
    *) die "peer about | install | start PORT | speaks" ;;
  esac
}
