# A private Redis without persistence: it is never the truth, so nothing of it needs to survive. It is one server, or
# with --redis cluster three masters, each with a replica: redis-1 to redis-6, joined once, in redis/1 to redis/6.

REDIS_TIMEOUT=2000 # milliseconds of silence after which a node of the cluster is suspected, and then replaced

redis_names() {
  if [ "$REDIS" = cluster ]; then printf 'redis-%s\n' 1 2 3 4 5 6; else echo redis; fi
}

redis_home() { if [ "$1" = redis ]; then echo "$STATE/redis"; else echo "$STATE/redis/${1#redis-}"; fi; }

# What the nodes are given: any of the cluster's servers tells of the others.
redis_url() {
  local name hosts=''
  [ "$REDIS" = cluster ] || { echo "redis://127.0.0.1:$(port_of redis)" && return; }
  for name in $(redis_names); do hosts+=",127.0.0.1:$(port_of "$name")"; done
  echo "redis+cluster://${hosts#,}"
}

# redis_ask <part> <word...>: what the server says; fails when it does not answer.
redis_ask() {
  local port
  port=$(port_of "$1")
  shift
  timeout 2 redis-cli -h 127.0.0.1 -p "$port" "$@" 2>/dev/null | tr -d '\r'
}

start_redis() {
  [ "$REDIS" != cluster ] || forget_other_cluster
  local name
  for name in $(redis_names); do start_redis_server "$name"; done
}

start_redis_server() {
  local name=$1 home words
  alive "$name" && return 0
  require_port "$name"
  home=$(redis_home "$name")
  mkdir -p "$home"
  words=(--bind 127.0.0.1 --port "$(port_of "$name")" --dir "$home" --pidfile "$home/redis.pid" --save ''
    --appendonly no --daemonize no)
  if [ "$name" != redis ]; then
    require_port "bus-${name#redis-}"
    # One dead master must not silence the living ones; a replica takes its place whatever it has missed.
    words+=(--cluster-enabled yes --cluster-port "$(port_of "bus-${name#redis-}")" --cluster-config-file nodes.conf
      --cluster-node-timeout "$REDIS_TIMEOUT" --cluster-require-full-coverage no --cluster-replica-validity-factor 0)
  fi
  start_part "$name" env redis-server "${words[@]}"
}

# The servers remember each other's ports: a cluster that was joined on others, or only in part, is joined anew.
forget_other_cluster() {
  local name
  [ "$(cat "$STATE/redis/joined" 2>/dev/null)" = "$PORT_BASE" ] && return 0
  rm -f "$STATE/redis/joined"
  for name in $(redis_names); do
    stop_part "$name" TERM 10
    rm -rf -- "$(redis_home "$name")"
  done
}

redis_answers() { [ "$(redis_ask "$1" PING)" = PONG ]; }

# redis_ready <part>: it answers, and knows a cluster that is whole.
redis_ready() {
  local told
  [ "$1" != redis ] || { redis_answers redis && return; }
  told=$(redis_ask "$1" CLUSTER INFO) || return 1
  [[ $told == *cluster_state:ok* && $told == *cluster_slots_ok:16384* && $told == *cluster_known_nodes:6* ]]
}

join_redis_cluster() {
  local name servers=()
  [ -e "$STATE/redis/joined" ] && return 0
  for name in $(redis_names); do
    servers+=("127.0.0.1:$(port_of "$name")@$(port_of "bus-${name#redis-}")")
  done
  # Its own wait for a whole cluster has no end.
  timeout 60 redis-cli --cluster create "${servers[@]}" --cluster-replicas 1 --cluster-yes >"$LOGS/redis.log" 2>&1 ||
    die_with_log redis "the Redis cluster could not be joined."
  echo "$PORT_BASE" >"$STATE/redis/joined"
}

wait_for_redis() {
  local name
  for name in $(redis_names); do
    wait_until 15 redis_answers "$name" || die_with_log "$name" "$name has not become ready within 15 s."
  done
  [ "$REDIS" = cluster ] || return 0
  join_redis_cluster
  for name in $(redis_names); do
    wait_until 30 redis_ready "$name" || die_with_log "$name" "$name does not see a whole Redis cluster within 30 s."
  done
}

# master or replica; nothing when it does not answer.
redis_role() { redis_ask "$1" ROLE | sed -n '1{s/slave/replica/;p}'; }

# The server that stands for all: the first master, or the first at all.
first_redis() {
  local name
  for name in $(redis_names); do
    [ "$(redis_role "$name")" = master ] && echo "$name" && return 0
  done
  redis_names | head -n 1
}

redis_is() { [ "$(redis_role "$1")" = "$2" ]; }

# A master gives its place to its replica first, so that nothing waits for the cluster to find it dead.
restart_redis_server() {
  local name=$1 heir
  if redis_is "$name" master; then
    for heir in $(redis_names); do
      redis_is "$heir" replica && [ "$(redis_ask "$heir" ROLE | sed -n 3p)" = "$(port_of "$name")" ] || continue
      redis_ask "$heir" CLUSTER FAILOVER >/dev/null
      wait_until 10 redis_is "$name" replica || warn "$heir does not take the place of $name."
    done
  fi
  stop_part "$name" TERM 10
  start_redis_server "$name"
  wait_until 30 redis_ready "$name" || die_with_log "$name" "$name does not see a whole Redis cluster within 30 s."
}

stop_redis() {
  local name
  for name in $(redis_names); do stop_part "$name" TERM 10; done
}
