# The nodes: their settings, their start, their readiness.

node_role() { echo "${1%-*}"; }
# Where other nodes pass on requests of Socket.IO; socket nodes only.
private_port() { port_of "private-${1#socket-}"; }
node_url() { echo "http://127.0.0.1:$(port_of "$1")"; }

# Event loops a node when nobody has chosen: the cores are shared by all nodes of this machine.
local_loops() {
  local loops=$(($(nproc) / (API_NODES + SOCKET_NODES)))
  echo $((loops > 0 ? loops : 1))
}

# node_settings: what every node and every one-off command (migrate, doctor) is given, one NAME=value a line.
node_settings() {
  echo "MARTLET_DATABASE_URL_FILE=$SECRETS/database_url"
  echo "MARTLET_REDIS_URL=$(redis_url)"
  given TOKEN_KEYS || given TOKEN_KEY || echo "MARTLET_TOKEN_KEYS_FILE=$SECRETS/token_keys"
  given REFRESH_KEY || echo "MARTLET_REFRESH_KEY_FILE=$SECRETS/refresh_key"
  echo "MARTLET_TRUSTED_PROXIES=127.0.0.1/32"
  given LOOPS || echo "MARTLET_LOOPS=$(local_loops)"
  # All clients of this machine share one address, so what is counted by address is wide here.
  given RATE_REGISTER || echo "MARTLET_RATE_REGISTER=1000/s,10000"
  given RATE_SIGN_IN_ADDRESS || echo "MARTLET_RATE_SIGN_IN_ADDRESS=1000/s,10000"
  cat "$STATE/settings"
}

# clean_environment: what a node inherits besides its settings; the rest of the caller's shell is none of its business.
clean_environment() { printf '%s\n' "PATH=/usr/local/bin:/usr/bin:/bin" "LANG=C.UTF-8" "MALLOC_ARENA_MAX=2"; }

migrate() {
  local words
  mapfile -t words < <(clean_environment && node_settings)
  env -i "${words[@]}" "$BINARY" migrate >"$LOGS/migrate.log" 2>&1 </dev/null 9>&- ||
    die_with_log migrate "the schema could not be brought up to date (martlet migrate)."
}

start_node() {
  local name=$1 words
  alive "$name" && return 0
  require_port "$name"
  mapfile -t words < <(clean_environment && node_settings)
  if [ "$(node_role "$name")" = socket ]; then
    require_port "private-${name#socket-}"
    words+=("MARTLET_PRIVATE_LISTEN=127.0.0.1:$(private_port "$name")")
  fi
  start_part "$name" env -i "$(part_mark "$name")" "${words[@]}" "MARTLET_NODE_ID=$name" \
    "MARTLET_LISTEN=127.0.0.1:$(port_of "$name")" "$BINARY" "$(node_role "$name")"
}

answers_ready() { curl -sf -o /dev/null --noproxy '*' --max-time 2 "$1/readyz"; }
ready_or_dead() { answers_ready "$(node_url "$1")" || dead "$1"; }

wait_for_node() {
  wait_until 30 ready_or_dead "$1" || die_with_log "$1" "$1 has not become ready within 30 s ($(node_url "$1")/readyz)."
  alive "$1" || die_with_log "$1" "$1 has ended instead of becoming ready."
}

start_nodes() {
  local name
  for name in $(node_names); do start_node "$name"; done
  for name in $(node_names); do wait_for_node "$name"; done
}

# grace_of <node>: the seconds that the living process was given to drain; what is given to the next may be another.
grace_of() {
  local pid grace=''
  pid=$(pid_of "$1") && grace=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^MARTLET_DRAIN_GRACE_S=//p')
  [[ $grace =~ ^[0-9]{1,4}$ ]] || grace=30
  echo $((10#$grace))
}

stop_node() { stop_part "$1" TERM $(($(grace_of "$1") + 5)); }
