/**
 * One atomic script for each verb of the port, for Valkey and Redis from 5 on. The same arithmetic as
 * `rate-counters.ts`; the contract suite runs over both. A counter is one hash that names its window,
 * and is kept for a minute longer than that: its time to live is set once a window, when it begins.
 */

/** `KEYS[1]` the counter; length, limit, smoothing, need, most, known from (Unix ms). */
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local length, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local need, most, knownFrom = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local start = math.floor(now / length) * length
local stored = redis.call('HMGET', KEYS[1], 'start', 'given')
local given = 0
if stored[1] then
  local known = tonumber(stored[1])
  if known == start or known == start + length then
    start = known
    given = tonumber(stored[2])
  else
    stored[1] = false
  end
end
local left = start + length - now
if start <= knownFrom then return {0, 0, start, left, 1} end
local most_now = limit
if ARGV[3] == '1' then
  local seconds = math.floor(length / 1000)
  local begun = math.floor((now - start) / 1000) + 1
  most_now = math.ceil(limit * math.min(begun, seconds) / seconds)
end
local available = most_now - given
local granted = 0
if available >= need then granted = math.min(most, available) end
given = given + granted
if not stored[1] then
  redis.call('HSET', KEYS[1], 'start', string.format('%.0f', start), 'given', string.format('%.0f', given))
  redis.call('PEXPIRE', KEYS[1], 2 * length + 60000)
elseif granted > 0 then
  redis.call('HSET', KEYS[1], 'given', string.format('%.0f', given))
end
return {granted, given, start, left, 0}
`;

/** `KEYS[1]` the counter; start of the window, delta. */
export const CORRECT = `
local stored = redis.call('HMGET', KEYS[1], 'start', 'given')
if not stored[1] or tonumber(stored[1]) ~= tonumber(ARGV[1]) then return 0 end
local given = math.max(0, tonumber(stored[2]) + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'given', string.format('%.0f', given))
return 1
`;

/**
 * `KEYS[1]` the slots, by owner; owner, limit, want, used, lease (ms), known from (Unix ms). Until every
 * owner had the time to claim what it runs, a store that has just begun gives nothing more.
 */
export const CLAIM = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local want, used, lease = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local others = 0
local owners = redis.call('HGETALL', KEYS[1])
for i = 1, #owners, 2 do
  local slots, until_ms = string.match(owners[i + 1], '^(%d+):(%d+)$')
  if tonumber(until_ms) <= now then
    redis.call('HDEL', KEYS[1], owners[i])
  elseif owners[i] ~= ARGV[1] then
    others = others + tonumber(slots)
  end
end
local slots = math.min(want, tonumber(ARGV[2]) - others)
if now < tonumber(ARGV[6]) + lease then slots = used end
slots = math.max(used, slots)
if slots > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f:%.0f', slots, now + lease))
  redis.call('PEXPIRE', KEYS[1], 2 * lease)
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return slots
`;
