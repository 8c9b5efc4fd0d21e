-- Puts a node on the list, if it has agreed to just those that are on it; so of two that begin at once and differ, the
-- second sees the first.
-- KEYS     as in heartbeat.lua
-- ARGV     id, record, lifetime in milliseconds, role, digest of the records of others that it agrees to, record of a
--          dead node whose name it takes over
-- Gives    {1}, or {0, digest, record, time of death, record, time of death …} of the others; one of the same id keeps
--          the node off the list
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'LIMIT', 0, 1000)
table.sort(ids)

local texts, reply, free = {}, {0, ''}, true
for _, id in ipairs(ids) do
  local text = redis.call('HGET', KEYS[2], id)
  if text and (id ~= ARGV[1] or text ~= ARGV[2] and text ~= ARGV[6]) then
    if id == ARGV[1] then free = false end
    table.insert(texts, text)
    table.insert(reply, text)
    table.insert(reply, redis.call('ZSCORE', KEYS[1], id))
  end
end
reply[2] = redis.sha1hex(table.concat(texts, '\n'))
if not free or ARGV[5] ~= reply[2] then return reply end

redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
for k = 1, 3 do redis.call('PEXPIRE', KEYS[k], 10 * ARGV[3]) end
return {1}
