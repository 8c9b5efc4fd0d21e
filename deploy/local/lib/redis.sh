# A private Redis without persistence: it is never the truth, so nothing of it needs to survive.

start_redis() {
  alive redis && return 0
  require_port redis
  mkdir -p "$STATE/redis"
  start_part redis env redis-server --bind 127.0.0.1 --port "$(port_of redis)" --dir "$STATE/redis" \
    --pidfile "$STATE/redis/redis.pid" --save '' --appendonly no --daemonize no
}

redis_answers() {
  local answer
  { exec 8<>"/dev/tcp/127.0.0.1/$(port_of redis)"; } 2>/dev/null || return 1
  printf 'PING\r\n' >&8
  read -r -t 1 answer <&8
  exec 8>&-
  [ "$answer" = $'+PONG\r' ]
}

wait_for_redis() {
  wait_until 15 redis_answers || die_with_log redis "Redis has not become ready within 15 s."
}
