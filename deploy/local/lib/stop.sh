# Everything down, clients first: nodes drain while the balancer still tells where to go, then what they stood on.

stop_cluster() {
  local name pid waiting=()
  rm -f "$STATE/cluster.json"
  for name in $(node_names) $(surplus_names); do
    pid=$(pid_of "$name") && kill -s TERM "$pid" 2>/dev/null && waiting+=("$name")
  done
  for name in "${waiting[@]}"; do stop_node "$name"; done
  stop_part haproxy TERM 10
  stop_redis
  stop_part postgres INT 30 # fast shutdown: open transactions are rolled back, the log is flushed
  rm -f "$RUN"/*.pid "$RUN"/*.command "$RUN"/*.log_begin
  [ ! -L "$ROOT/.local/cluster.json" ] || [ -e "$ROOT/.local/cluster.json" ] || rm -f "$ROOT/.local/cluster.json"
}
