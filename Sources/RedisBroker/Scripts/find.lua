-- Says of users of one share whether they are there.
-- KEYS[1]  sorted set of when users were last there; KEYS[2]  hash of those who are there
-- ARGV     users, at most 1,024
-- Gives    for each -1 when he is there, else the time at which he was last, 0 when that is not known
local found = {}
local online = redis.call('HMGET', KEYS[2], unpack(ARGV))
for i, seen in ipairs(redis.call('ZMSCORE', KEYS[1], unpack(ARGV))) do
  found[i] = online[i] and '-1' or seen and string.format('%.0f', tonumber(seen)) or '0'
end
return found
