# shellcheck shell=bash
set -uo pipefail
umask 022

CALLER=$PWD # paths that the caller gives begin here; the scripts themselves work from /
LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
for file in say cluster processes ports packages build secrets settings postgres redis nodes replace dialects haproxy \
  json stop supervise first_message sanitize; do
  # shellcheck source=/dev/null
  . "$LIB/$file.sh"
done

# usage_of <script>: the comment at its head is its help.
usage_of() { sed -n '2,/^$/s/^# \{0,1\}//p' "$1"; }
