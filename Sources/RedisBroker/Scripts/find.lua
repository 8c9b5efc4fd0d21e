-- Says of users of one share whether they are there.
-- KEYS[1]  sorted set of when users were last there; KEYS[2…]  sets of the living nodes
-- ARGV     users, at most 1,024
-- Gives    for each -1 when he is there, else the time at which he was last, 0 when that is not known
local found = {}
for i, seen in ipairs(redis.call('ZMSCORE', KEYS[1], unpack(ARGV))) do
  found[i] = seen and string.format('%.0f', tonumber(seen)) or '0'
end
for k = 2, #KEYS do
  for i, flag in ipairs(redis.call('SMISMEMBER', KEYS[k], unpack(ARGV))) do
    if flag == 1 then found[i] = '-1' end
  end
end
return found
