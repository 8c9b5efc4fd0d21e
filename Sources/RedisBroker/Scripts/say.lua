-- Says who has come to a node and who has gone, and tells the watchers of those for whom that makes a difference: who
-- is listed by no other living node. One share of the users.
-- KEYS[1]  the node's set; KEYS[2]  sorted set of when users were last there; KEYS[3…]  sets of the other living nodes
-- ARGV     channel; how long that is remembered, in milliseconds; for how many; how many have come; users that have
--          come; users that have gone. At most 1,024 users. With "bury" for how many have come, they are taken out of
--          the set instead, which is a dead node's.
-- Gives    how many are left in the set
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local came, went = {}, {}
if ARGV[4] == 'bury' then
  went = redis.call('SPOP', KEYS[1], 1024)
else
  local count = tonumber(ARGV[4])
  for i = 5, #ARGV do table.insert(i < 5 + count and came or went, ARGV[i]) end
  if #came > 0 then redis.call('SADD', KEYS[1], unpack(came)) end
  if #went > 0 then redis.call('SREM', KEYS[1], unpack(went)) end
end

local function listedNowhereElse(users)
  if #users == 0 then return {} end
  local elsewhere = {}
  for k = 3, #KEYS do
    for i, flag in ipairs(redis.call('SMISMEMBER', KEYS[k], unpack(users))) do
      if flag == 1 then elsewhere[i] = true end
    end
  end
  local rest = {}
  for i, user in ipairs(users) do
    if not elsewhere[i] then table.insert(rest, user) end
  end
  return rest
end

came, went = listedNowhereElse(came), listedNowhereElse(went)
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
