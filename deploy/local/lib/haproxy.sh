# The load balancer: deploy/haproxy/haproxy.cfg as it is, and beside it a file that names this cluster's nodes.

main_url() { echo "http://127.0.0.1:$(port_of haproxy)"; }

write_backends() {
  local role name
  mkdir -p "$STATE/haproxy"
  for role in api socket socketio; do
    echo "backend $role from $role"
    for name in $(node_names | grep "^${role%io}-"); do echo "    server $name 127.0.0.1:$(port_of "$name")"; done
  done >"$STATE/haproxy/backends.new"
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
    # The new process takes over the port, the old one keeps its sockets until they close.
    start_part haproxy "${HAPROXY[@]}" -sf "$old"
    haproxy_command
    printf '%s\0' "${HAPROXY[@]}" >"$RUN/haproxy.command"
    return 0
  fi
  require_port haproxy
  require_port statistics
  start_part haproxy "${HAPROXY[@]}"
}

# Every node is known to be up, seen from the balancer.
balancer_sees_all() {
  answers_ready "$(main_url)" || return 1
  local table name
  table=$(curl -sf --noproxy '*' --max-time 2 "http://127.0.0.1:$(port_of statistics)/;csv") || return 1
  for name in $(node_names); do
    grep -qE "^[a-z]+,$name,.*,UP," <<<"$table" && ! grep -qE "^[a-z]+,$name,.*,DOWN," <<<"$table" || return 1
  done
}

wait_for_haproxy() {
  wait_until 15 balancer_sees_all ||
    die_with_log haproxy "the load balancer does not see all nodes within 15 s ($(main_url))."
}
