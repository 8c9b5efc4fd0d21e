-- Lists the records of the nodes that are alive, in the order of their ids.
-- KEYS     as in heartbeat.lua
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'LIMIT', 0, 1000)
if #ids == 0 then return {} end
table.sort(ids)
return redis.call('HMGET', KEYS[2], unpack(ids))
