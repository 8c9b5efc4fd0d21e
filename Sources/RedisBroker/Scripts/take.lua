-- Takes tokens out of a bucket, if they are there. Time is Redis' own, so that nodes need not agree on one.
-- KEYS[1]  the bucket: hash of t (tokens) and a (milliseconds at which they were counted)
-- ARGV     capacity, tokens a second, cost (below 0: tokens that are given back)
-- Gives    {1 if taken, tokens left, milliseconds until the cost would be there, milliseconds until full}
local capacity = math.max(0, tonumber(ARGV[1]) or 0)
local refill = math.max(0, tonumber(ARGV[2]) or 0)
local cost = tonumber(ARGV[3]) or 0
local longest = 86400000

local function wait(tokens)
  if tokens <= 0 then return 0 end
  if refill <= 0 then return longest end
  return math.min(longest, math.ceil(tokens * 1000 / refill))
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 't', 'a')
local at = tonumber(kept[2]) or now
local tokens = tonumber(kept[1]) or capacity
-- A debt, which no bucket of ours has, would lock its owner out for as long as he comes back.
tokens = math.min(capacity, math.max(0, tokens) + math.max(0, now - at) * refill / 1000)

local taken = 0
local retry = 0
if cost <= 0 or tokens >= cost then
  tokens = math.min(capacity, tokens - cost)
  taken = 1
else
  retry = wait(cost - tokens)
end

local reset = wait(capacity - tokens)
redis.call('HSET', KEYS[1], 't', string.format('%.6f', tokens), 'a', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], reset + 1000)
return {taken, math.floor(tokens), retry, reset}
