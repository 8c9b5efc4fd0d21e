# The foreground: the parts' logs on the terminal, dead nodes started again, everything stopped at the end.

FOLLOWERS=()

# Shows what the parts write from now on, each line behind the part's name.
follow_logs() {
  local name
  for name in $(part_names); do
    touch "$LOGS/$name.log"
    tail -n 0 -F "$LOGS/$name.log" 2>/dev/null 9>&- > >(exec sed -u "s/^/$(printf '%-9s' "$name") | /" 9>&-) &
    FOLLOWERS+=("$!")
  done
}

stop_following() {
  local pid
  for pid in "${FOLLOWERS[@]}"; do kill "$pid" 2>/dev/null; done
  FOLLOWERS=()
}

# A node that has died starts again after a second, then two, four … thirty, until it has run for a minute.
declare -A NODE_DELAY=() NODE_RETRY=() NODE_SINCE=()

watch_node() {
  local name=$1 now=$SECONDS delay
  if alive "$name"; then
    [ $((now - ${NODE_SINCE[$name]:-0})) -lt 60 ] || unset "NODE_DELAY[$name]"
    unset "NODE_RETRY[$name]"
    return 0
  fi
  if [ -z "${NODE_RETRY[$name]:-}" ]; then
    delay=${NODE_DELAY[$name]:-1}
    NODE_RETRY[$name]=$((now + delay))
    NODE_DELAY[$name]=$((delay * 2 > 30 ? 30 : delay * 2))
    warn "$name has died; it starts again in $delay s (its log: $LOGS/$name.log)."
  elif [ "$now" -ge "${NODE_RETRY[$name]}" ]; then
    unset "NODE_RETRY[$name]"
    NODE_SINCE[$name]=$now
    # Whatever keeps it from starting now, the others are still to be looked after.
    (start_node "$name" && write_cluster_json)
  fi
}

# supervise: until the cluster is taken down from another terminal. Other commands get their turn between the looks.
supervise() {
  local name
  while [ -e "$STATE/cluster.json" ]; do
    # However long another command takes, such as one that builds first.
    if take_turn 1 && [ -e "$STATE/cluster.json" ]; then
      for name in $(node_names); do watch_node "$name"; done
    fi
    unlock_cluster
    sleep 0.5
  done
}
