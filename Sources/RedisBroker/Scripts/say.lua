-- Says who has come to a node and who has gone, and tells the watchers of those for whom that makes a difference: who
-- is listed by no other node. One share of the users; what it costs does not depend on how many nodes there are.
-- KEYS[1]  the node's set; KEYS[2]  sorted set of when users were last there; KEYS[3]  hash of those who are there, and
--          by how many nodes each is listed
-- ARGV     channel; how long the last time is remembered, in milliseconds; for how many; how many have come; users that
--          have come; users that have gone. At most 1,024 users. With "bury" for how many have come, they are taken
--          out of the set instead, which is a dead node's.
-- Gives    how many are left in the set
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local came, went = {}, {}

local function goes(user)
  if redis.call('HINCRBY', KEYS[3], user, -1) <= 0 then
    redis.call('HDEL', KEYS[3], user)
    table.insert(went, user)
  end
end

if ARGV[4] == 'bury' then
  for _, user in ipairs(redis.call('SPOP', KEYS[1], 1024)) do goes(user) end
else
  local last = 4 + tonumber(ARGV[4])
  for i = 5, last do
    -- What is said again changes nothing, unless the hash alone was lost.
    local isNew = redis.call('SADD', KEYS[1], ARGV[i]) == 1 or not redis.call('HGET', KEYS[3], ARGV[i])
    if isNew and redis.call('HINCRBY', KEYS[3], ARGV[i], 1) == 1 then table.insert(came, ARGV[i]) end
  end
  for i = last + 1, #ARGV do
    if redis.call('SREM', KEYS[1], ARGV[i]) == 1 then goes(ARGV[i]) end
  end
end

if #went > 0 then
  local seen = {}
  for _, user in ipairs(went) do
    table.insert(seen, string.format('%.0f', now))
    table.insert(seen, user)
  end
  redis.call('ZADD', KEYS[2], unpack(seen))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[2]))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[3])
end
if #came + #went > 0 then
  redis.call('SPUBLISH', ARGV[1], '{"v":1,"t":' .. string.format('%.0f', now) .. ',"on":[' .. table.concat(came, ',')
    .. '],"off":[' .. table.concat(went, ',') .. ']}')
end
return redis.call('SCARD', KEYS[1])
