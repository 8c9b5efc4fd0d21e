# The load balancer: deploy/haproxy/haproxy.cfg as it is, and beside it a file that names this cluster's nodes.

main_url() { echo "http://127.0.0.1:$(port_of haproxy)"; }

# Every node that there may ever be has its line, those that are not there are disabled: so nodes come and go without
# another process, whose predecessor would cut its sockets after a minute.
write_backends() {
  local role i name control
  control=$(balancer_control)
  mkdir -p "$STATE/haproxy"
  {
    [ -z "$control" ] || printf 'global\n    stats socket "%s" mode 600 level admin\n' "$control"
    for role in api socket socketio; do
      echo "backend $role from $role"
      for ((i = 1; i <= NODES_MAX; i++)); do
        name=${role%io}-$i
        echo "    server $name 127.0.0.1:$(port_of "$name") tcp-ut 10s$(is_node "$name" || echo ' disabled')"
      done
    done
  } >"$STATE/haproxy/backends.new"
}

# Where the running process takes commands; nowhere if the path is too long for a socket.
balancer_control() {
  local path="$STATE/haproxy/control"
  [ ${#path} -gt 85 ] || echo "$path"
}

# tell_balancer <command…>: false when it does not listen, or has anything to say against one of them.
tell_balancer() {
  local commands answer
  commands=$(printf '%s;' "$@")
  commands=${commands%;} # an empty one would be answered by the help
  answer=$(perl -MIO::Socket::UNIX -e '
    my $balancer = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
    print $balancer "$ARGV[1]\n";
    print while <$balancer>' "$(balancer_control)" "$commands" 2>/dev/null) && [ -z "${answer//[[:space:]]/}" ]
}

# server_states <ready|drain|maint> <name…>: the commands that set it, in every backend that has the node.
server_states() {
  local state=$1 name
  shift
  for name in "$@"; do
    echo "set server $(node_role "$name")/$name state $state"
    [ "$(node_role "$name")" != socket ] || echo "set server socketio/$name state $state"
  done
}

# The names of nodes for which there is room, but which are not in the shape.
absent_names() {
  local i role
  for role in api socket; do
    for ((i = 1; i <= NODES_MAX; i++)); do is_node "$role-$i" || echo "$role-$i"; done
  done
}

# Tells the running balancer who is there now. Those who are to go and still run get nothing new; the others are off.
adjust_balancer() {
  local commands leaving absent
  leaving=$(surplus_names)
  absent=$(absent_names | grep -vxF -e "${leaving:-none}")
  # shellcheck disable=SC2046,SC2086
  mapfile -t commands < <(
    server_states ready $(node_names)
    server_states drain $leaving
    server_states maint $absent
  )
  tell_balancer "${commands[@]}"
}

# Connections that one process may hold: two file descriptors each, some left for checks and listeners.
balancer_connections() {
  local files
  files=$(ulimit -n)
  [[ $files =~ ^[0-9]+$ ]] && [ "$files" -lt 40000 ] || files=40000
  echo $(((files - 200) / 2))
}

haproxy_command() {
  local binds
  mapfile -t binds < <(dialect_binds)
  HAPROXY=(env -i "$(part_mark haproxy)" "EDGE_BIND=127.0.0.1:$(port_of haproxy)"
    "EDGE_STATISTICS=127.0.0.1:$(port_of statistics)" "EDGE_CONNECTIONS=$(balancer_connections)" "${binds[@]}"
    "$(PATH="$PATH:/usr/sbin" command -v haproxy)" -db
    -f "$ROOT/deploy/haproxy/haproxy.cfg" -f "$ROOT/deploy/haproxy/dialects.cfg" -f "$STATE/haproxy/backends.cfg")
}

start_haproxy() {
  write_backends
  local changed=no old
  cmp -s "$STATE/haproxy/backends.new" "$STATE/haproxy/backends.cfg" || changed=yes
  mv "$STATE/haproxy/backends.new" "$STATE/haproxy/backends.cfg"
  alive haproxy || choose_dialect_ports
  haproxy_command
  if old=$(pid_of haproxy); then
    [ $changed = yes ] || return 0
    adjust_balancer && return 0
    # One that takes no commands is followed by another: the new process takes over the port, the old one keeps its
    # sockets until they close.
    start_part haproxy "${HAPROXY[@]}" -sf "$old"
    haproxy_command
    printf '%s\0' "${HAPROXY[@]}" >"$RUN/haproxy.command"
    return 0
  fi
  require_port haproxy
  require_port statistics
  start_part haproxy "${HAPROXY[@]}"
}

# nodes_unseen: those that the balancer does not hold for up, a line each; fails while it tells nothing.
nodes_unseen() {
  local table name
  table=$(curl -sf --noproxy '*' --max-time 2 "http://127.0.0.1:$(port_of statistics)/;csv") || return 1
  for name in $(node_names); do
    grep -qE "^[a-z]+,$name,.*,UP," <<<"$table" && ! grep -qE "^[a-z]+,$name,.*,DOWN," <<<"$table" || echo "$name"
  done
}

balancer_sees_all() {
  local unseen
  answers_ready "$(main_url)" && unseen=$(nodes_unseen) && [ -z "$unseen" ]
}

wait_for_haproxy() {
  local unseen
  wait_until 15 balancer_sees_all && return
  unseen=$(nodes_unseen | paste -sd ,)
  die_with_log haproxy "the load balancer does not see ${unseen:-all nodes} within 15 s ($(main_url))."
}
