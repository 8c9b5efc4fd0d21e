# What the peers' scripts share. A peer is a directory with a script `peer`:
#
#   peer about           its name and version, in a line
#   peer install         gets what it needs; fails with a sentence where that cannot be had
#   peer start PORT      becomes the server, on 127.0.0.1:PORT, until it is ended
#   peer speaks          plain, socketio-peer, mqtt or xmpp, and after a blank the path, if it has one of its own

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
  without_services apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    die "apt-get cannot install ${missing[*]}."
  # Nor after the machine's next start: what a peer is, its script starts, and nobody else.
  for name in "${missing[@]}"; do
    [ ! -e "/lib/systemd/system/$name.service" ] || as_root systemctl disable "$name.service" >/dev/null 2>&1 || true
  done
}

# A server's package starts it as it is installed, unless Debian's policy says no (invoke-rc.d(8)). Ours says so only
# while this script lives: whoever ends it, even by a kill, has a machine whose services start when they are installed.
without_services() { # <command>…
  local policy=/usr/sbin/policy-rc.d mark='# Of a peer of Martlet.' status=0
  if [ -e "$policy" ] && ! grep -qF "$mark" "$policy"; then as_root "$@" >/dev/null 2>&1 && return; return 1; fi
  # By `env`, since a peer's own function has the name `install`: it would call this again, without end.
  trap "as_root rm -f -- $policy" EXIT
  printf '#!/bin/sh\n%s\n[ ! -d /proc/%s ] || exit 101\n' "$mark" $$ |
    as_root env install -m 755 /dev/stdin "$policy"
  as_root "$@" >/dev/null 2>&1 || status=1
  as_root rm -f -- "$policy"
  trap - EXIT
  return $status
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
