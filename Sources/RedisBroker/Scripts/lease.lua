-- Renews a node's lease of presence, and hands out the dead to be buried.
-- KEYS[1]  sorted set of living names by the time at which they are taken for dead; KEYS[2]  of dead ones by the time
--          from which (another) node may bury them
-- ARGV     name; lifetime in milliseconds; patience after an outage in milliseconds;
--          what: renew, begin, leave, buried
-- Gives    {1 if the name holds its lease, {names to bury}}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local name, lifetime, patience, what = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if what == 'leave' or what == 'buried' then
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
  return {0, {}}
end

local held = 0
local late = false
local death = redis.call('ZSCORE', KEYS[1], name)
if death or what == 'begin' then
  late = death and tonumber(death) < now
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + lifetime), name)
  held = 1
end

local dead = {}
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
for _, other in ipairs(expired) do
  if late then
    -- Redis was away for this node, so maybe for all: the others get time to come back.
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + patience), other)
  elseif held == 1 then
    redis.call('ZREM', KEYS[1], other)
    redis.call('ZADD', KEYS[2], now, other)
  end
end
if held == 1 and not late then
  dead = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 4)
  for _, other in ipairs(dead) do redis.call('ZADD', KEYS[2], string.format('%.0f', now + 5000), other) end
end
return {held, dead}
