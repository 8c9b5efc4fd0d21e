-- Says that a node is alive, and forgets those that have said nothing for long.
-- KEYS[1]  sorted set of node ids by the time at which they are taken for dead; KEYS[2]  hash of their records;
--          KEYS[3]  hash of their roles; KEYS[4]  how many were refused
-- ARGV     id, record, lifetime in milliseconds, role, a forged record to be replaced; a lifetime of 0 takes the node
--          off the list
-- Gives    {nothing if the name is the node's own, else the record that stands under it, how many were refused, the
--          role of each node that is alive …}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
end

local held = redis.call('HGET', KEYS[2], ARGV[1])
local own = not held or held == ARGV[2] or held == ARGV[5]
if own and tonumber(ARGV[3]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[3], ARGV[1])
elseif own then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[3]), ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
  for k = 1, 3 do redis.call('PEXPIRE', KEYS[k], 10 * ARGV[3]) end
end

local reply = {own and '' or held, tonumber(redis.call('GET', KEYS[4]) or 0) or 0}
local ids = redis.call('ZRANGE', KEYS[1], 0, 999)
if #ids == 0 then return reply end
for _, role in ipairs(redis.call('HMGET', KEYS[3], unpack(ids))) do table.insert(reply, role or '') end
return reply
