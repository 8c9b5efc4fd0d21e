# Which part listens where. A cluster's ports lie within the hundred that begins at its base:
#   +0 the door for clients   +1 HAProxy's statistics   +2 PostgreSQL   +3 Redis   +10… api nodes   +40… socket nodes
#   +70… the private doors of socket nodes
# A Redis cluster has the last four of the api and of the private ports, and four of the socket nodes':
#   +36…39, +66, +67 its servers   +68, +69, +96…99 their bus

# port_of <part>
port_of() {
  case $1 in
    haproxy) echo "$PORT_BASE" ;;
    statistics) echo $((PORT_BASE + 1)) ;;
    postgres) echo $((PORT_BASE + 2)) ;;
    redis) echo $((PORT_BASE + 3)) ;;
    redis-[1-4]) echo $((PORT_BASE + 35 + ${1#redis-})) ;;
    redis-*) echo $((PORT_BASE + 61 + ${1#redis-})) ;;
    bus-[12]) echo $((PORT_BASE + 67 + ${1#bus-})) ;;
    bus-*) echo $((PORT_BASE + 93 + ${1#bus-})) ;;
    api-*) echo $((PORT_BASE + 9 + ${1#api-})) ;;
    socket-*) echo $((PORT_BASE + 39 + ${1#socket-})) ;;
    private-*) echo $((PORT_BASE + 69 + ${1#private-})) ;;
  esac
}

# Whether anything listens on the port, at any address (the kernel's table: state 0A is LISTEN).
port_taken() {
  local hex
  hex=$(printf '%04X' "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v end=":$hex" '
    $4 == "0A" && substr($2, length($2) - 4) == end { found = 1 } END { exit !found }'
}

# Before a dead part starts: its port must be free, or the sentence says whose it is to give way.
require_port() {
  local port
  port=$(port_of "$1")
  port_taken "$port" || return 0
  die "port $port, meant for $1, is taken by another program. End that program, or choose other ports with" \
    "--port-base P (the cluster uses P to P+99)."
}
