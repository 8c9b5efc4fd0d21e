# Which cluster a command means, and what is remembered about it between commands.
#
# Everything about one cluster lies in one directory ($STATE, by default .local in the checkout):
#   cluster.json  for tools: addresses, process ids, argument lists; of Redis the first master when written
#   shape         how many nodes of each role, which kind of Redis, which ports, which program and whether it was given
#   settings      the MARTLET_ variables that its nodes were given
#   run/ log/     a pid file and an argument list a part; a log a part
#   dialects      which dialect is served at which port
#   secrets/      made once, readable by their owner only
#   postgres/ redis/ haproxy/

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
NODES_MAX=30         # of each role: the ports of one cluster lie within a hundred
NODES_MAX_CLUSTER=26 # beside a Redis cluster, whose ports lie there too

# choose_cluster [DIR]: without a directory it is the cluster that was started last from this checkout.
choose_cluster() {
  local wanted=${1:-} linked
  if [ -z "$wanted" ]; then
    wanted="$ROOT/.local"
    if [ -L "$wanted/cluster.json" ]; then
      linked=$(readlink "$wanted/cluster.json")
      [ -e "$linked" ] && wanted=$(dirname "$linked")
    fi
  fi
  mkdir -p -- "$wanted" && STATE=$(CDPATH='' cd -- "$wanted" && pwd -P) ||
    die "the cluster's directory, $wanted, cannot be made or entered."
  require_own_directory
  RUN="$STATE/run" LOGS="$STATE/log" SECRETS="$STATE/secrets"
  mkdir -p "$SECRETS" "$RUN" "$LOGS" || die "nothing can be made in the cluster's directory, $STATE."
  chmod go+x "$STATE"
  chmod 700 "$SECRETS"
  load_shape
  ulimit -n "$(ulimit -Hn)" # every socket is an open file
  cd / || exit              # the database's user may not be allowed where the caller stands
}

# Whose run and log lie in / or /var would miss what down takes away. A cluster makes its secrets before all else.
require_own_directory() {
  local name
  [ ! -e "$STATE/secrets" ] && [ ! -e "$STATE/shape" ] || return 0
  for name in run log postgres redis haproxy; do
    [ ! -e "$STATE/$name" ] ||
      die "$STATE is no cluster's directory, and its '$name' would be taken for one's; give --data another."
  done
}

# One command at a time changes a cluster; another waits for its turn, and then goes by what it finds.
lock_cluster() {
  take_turn 300 ||
    die "another command has been changing the cluster in $STATE for five minutes; wait for it or end it."
}

# take_turn <seconds>: false when it has not come by then.
take_turn() {
  exec 9>"$STATE/lock" || die "$STATE/lock cannot be written: does the cluster belong to somebody else?"
  flock -w "$1" 9 && load_shape
}
unlock_cluster() { exec 9>&-; }

load_shape() {
  API_NODES=2 SOCKET_NODES=2 REDIS=single PORT_BASE=8000 BINARY='' PROGRAM=''
  local key value
  [ ! -f "$STATE/shape" ] || while IFS='=' read -r key value; do
    case $key in
      API_NODES | SOCKET_NODES | REDIS | PORT_BASE | BINARY | PROGRAM) printf -v "$key" '%s' "$value" ;;
    esac
  done <"$STATE/shape"
  # A shape of before has no word of it: what does not lie where builds do was given.
  [ -n "$PROGRAM" ] || case $BINARY in '' | "$ROOT"/.build/*) PROGRAM=built ;; *) PROGRAM=given ;; esac
}

# check_shape: whether the ports suffice for so many nodes.
check_shape() {
  [ "$REDIS" = cluster ] || return 0
  [ "$API_NODES" -le "$NODES_MAX_CLUSTER" ] && [ "$SOCKET_NODES" -le "$NODES_MAX_CLUSTER" ] ||
    die "with --redis cluster there are at most $NODES_MAX_CLUSTER nodes of a role."
}

save_shape() {
  printf '%s=%s\n' API_NODES "$API_NODES" SOCKET_NODES "$SOCKET_NODES" REDIS "$REDIS" PORT_BASE "$PORT_BASE" \
    BINARY "$BINARY" PROGRAM "$PROGRAM" >"$STATE/shape.new" && mv "$STATE/shape.new" "$STATE/shape" ||
    die "the shape of the cluster cannot be written to $STATE."
}

# Names of all nodes, in the order in which they start.
node_names() {
  local i
  for ((i = 1; i <= API_NODES; i++)); do echo "api-$i"; done
  for ((i = 1; i <= SOCKET_NODES; i++)); do echo "socket-$i"; done
}

part_names() {
  echo postgres
  redis_names
  node_names
  echo haproxy
}

# Whether the shape has a node of that name.
is_node() { [[ " $(node_names | tr '\n' ' ') " == *" $1 "* ]]; }

# Nodes that an earlier, larger shape has left.
surplus_names() {
  local file name
  for file in "$RUN"/api-*.pid "$RUN"/socket-*.pid; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .pid)
    is_node "$name" || echo "$name"
  done
}

any_part_alive() {
  local name
  for name in $(part_names); do alive "$name" && return 0; done
  return 1
}

any_node_alive() {
  local name
  for name in $(node_names); do alive "$name" && return 0; done
  return 1
}
