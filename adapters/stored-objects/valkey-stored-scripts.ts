/**
 * One atomic script for each verb of the port that writes, for Valkey and Redis from 5 on. The same decisions
 * as `sqlite-stored-objects-worker.ts`; the contract suite runs over both. All keys have one hash tag, so on a
 * cluster they are on one node. An object is a string that expires by itself; the index has `key|owner` by
 * end until a later write finds that its life is over.
 *
 * `KEYS`: the index of all. The index of an owner has the name `ARGV[1]` with it,
 * an object `ARGV[2]` with its key. Times are the server's.
 */
const DROP = `
local function drop(member)
  local key, owner = string.match(member, '^([^|]*)|(.*)$')
  redis.call('ZREM', KEYS[1], member)
  redis.call('ZREM', ARGV[1] .. owner, key)
  redis.call('DEL', ARGV[2] .. key)
end
`;

/**
 * ARGV: start of the name of an owner's index, of an object, owner, provider, life (ms), objects of an owner,
 * of all, how many are removed at once; then the keys.
 */
export const KEEP = `${DROP}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[8])) do
  drop(member)
end
local owner, own = ARGV[3], ARGV[1] .. ARGV[3]
local value = owner .. '\\n' .. ARGV[4]
local ends = string.format('%.0f', now + ARGV[5])
for i = 9, #ARGV do
  local key = ARGV[i]
  local found = redis.call('GET', ARGV[2] .. key)
  if not found then
    redis.call('SET', ARGV[2] .. key, value, 'PX', ARGV[5])
    redis.call('ZADD', KEYS[1], ends, key .. '|' .. owner)
    redis.call('ZADD', own, ends, key)
    redis.call('PEXPIRE', own, ARGV[5])
  elseif found ~= value then
    local left = redis.call('PTTL', ARGV[2] .. key)
    redis.call('SET', ARGV[2] .. key, '', 'PX', math.max(left, 1))
  end
end
local room = ARGV[8] + #ARGV - 8
local overOwn = redis.call('ZCARD', own) - ARGV[6]
if overOwn > 0 then
  for _, key in ipairs(redis.call('ZRANGE', own, 0, math.min(overOwn, room) - 1)) do
    drop(key .. '|' .. owner)
  end
end
local over = redis.call('ZCARD', KEYS[1]) - ARGV[7]
if over > 0 then
  for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, math.min(over, room) - 1)) do
    drop(member)
  end
end
return 1
`;

/** ARGV: start of the name of an owner's index, of an object, key. */
export const FORGET = `${DROP}
local found = redis.call('GET', ARGV[2] .. ARGV[3])
if not found then return 0 end
local owner = string.match(found, '^([^\\n]*)\\n')
if owner then drop(ARGV[3] .. '|' .. owner) else redis.call('DEL', ARGV[2] .. ARGV[3]) end
return 1
`;

/** KEYS: 1 the records by key, 2 when each is due. ARGV: key, record, after (ms), how many there may be. */
export const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[3]), ARGV[1])
end
return 1
`;

/** KEYS: as of `BEGIN`. ARGV: lease (ms), how many at once. */
export const DUE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[1]), key)
  local record = redis.call('HGET', KEYS[1], key)
  if record then table.insert(found, record) else redis.call('ZREM', KEYS[2], key) end
end
return found
`;

/** KEYS: as of `BEGIN`. ARGV: key, after (ms). */
export const LATER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZADD', KEYS[2], 'XX', string.format('%.0f', now + ARGV[2]), ARGV[1])
`;

/** KEYS: as of `BEGIN`. ARGV: key. */
export const ENDED = `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
`;
