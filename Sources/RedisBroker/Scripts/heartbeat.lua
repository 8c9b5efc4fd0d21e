-- Says that a node is alive, and forgets those that have said nothing for long.
-- KEYS[1]  sorted set of node ids by the time at which they are taken for dead; KEYS[2]  hash of their records
-- ARGV     id, record, lifetime in milliseconds; an empty record takes the node off the list
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
if ARGV[2] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], 10 * ARGV[3])
  redis.call('PEXPIRE', KEYS[2], 10 * ARGV[3])
end
return 1
