/**
 * One atomic script for each verb of the port, for Valkey and Redis from 5 on. The same decisions as
 * `sqlite-idempotency-worker.ts`; the contract suite runs over both. All keys have one hash tag, so on a
 * cluster they are on one node. An entry is a hash that expires by itself; the index has its end, and the
 * sums what it counts for, until a later claim finds that it has gone.
 *
 * `KEYS`: 1 the index (`id|owner` by end), 2 keys by owner, 3 bytes by owner, 4 bytes by id; the sums of
 * all are those of the owner `''`. Entries have the name `ARGV[1]` with their id. Times are the server's.
 */
const DROP = `
local function drop(member)
  local id, owner = string.match(member, '^([^|]*)|(.*)$')
  redis.call('ZREM', KEYS[1], member)
  redis.call('DEL', ARGV[1] .. id)
  local size = redis.call('HGET', KEYS[4], id)
  redis.call('HDEL', KEYS[4], id)
  for _, whose in ipairs({owner, ''}) do
    if redis.call('HINCRBY', KEYS[2], whose, -1) <= 0 then
      redis.call('HDEL', KEYS[2], whose)
      redis.call('HDEL', KEYS[3], whose)
    elseif size then
      redis.call('HINCRBY', KEYS[3], whose, '-' .. size)
    end
  end
end
`;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * ARGV: start of an entry's name, id, owner, request, token, lease (ms), life (ms), keys of an owner, keys
 * of all, how many are removed at once.
 */
export const CLAIM = `${DROP}${NOW}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[10])) do
  drop(member)
end
local name = ARGV[1] .. ARGV[2]
local found = redis.call('HMGET', name, 'request', 'until', 'record')
if found[1] then
  if found[1] ~= ARGV[4] then return {'mismatch'} end
  if found[3] then return {'answered', found[3]} end
  if tonumber(found[2]) > now then return {'running'} end
  return {'lost'}
end
local function keys(whose) return tonumber(redis.call('HGET', KEYS[2], whose) or '0') end
local member = ARGV[2] .. '|' .. ARGV[3]
if redis.call('ZSCORE', KEYS[1], member) then drop(member) end
if keys(ARGV[3]) >= tonumber(ARGV[8]) or keys('') >= tonumber(ARGV[9]) then return {'full'} end
local lease = string.format('%.0f', now + ARGV[6])
redis.call('HSET', name, 'request', ARGV[4], 'token', ARGV[5], 'until', lease, 'owner', ARGV[3])
redis.call('PEXPIRE', name, ARGV[7])
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[7]), member)
redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
redis.call('HINCRBY', KEYS[2], '', 1)
return {'first'}
`;

/** ARGV: start of an entry's name, id, token, lease (ms). */
export const RENEW = `${NOW}
local name = ARGV[1] .. ARGV[2]
local found = redis.call('HMGET', name, 'token', 'record')
if found[1] ~= ARGV[3] or found[2] then return 0 end
redis.call('HSET', name, 'until', string.format('%.0f', now + ARGV[4]))
return 1
`;

/** ARGV: start of an entry's name, id, token, record, bytes of an owner, of all, of a note. */
export const FINISH = `
local name = ARGV[1] .. ARGV[2]
local found = redis.call('HMGET', name, 'token', 'record', 'owner')
if found[1] ~= ARGV[3] or found[2] then return 1 end
local function bytes(whose) return tonumber(redis.call('HGET', KEYS[3], whose) or '0') + #ARGV[4] end
local over = bytes(found[3]) > tonumber(ARGV[5]) or bytes('') > tonumber(ARGV[6])
if over and #ARGV[4] > tonumber(ARGV[7]) then return 0 end
redis.call('HSET', name, 'record', ARGV[4])
redis.call('HSET', KEYS[4], ARGV[2], #ARGV[4])
redis.call('HINCRBY', KEYS[3], found[3], #ARGV[4])
redis.call('HINCRBY', KEYS[3], '', #ARGV[4])
return 1
`;

/** ARGV: start of an entry's name, id, token. */
export const FORGET = `${DROP}
local found = redis.call('HMGET', ARGV[1] .. ARGV[2], 'token', 'record', 'owner')
if found[1] ~= ARGV[3] or found[2] then return 0 end
drop(ARGV[2] .. '|' .. found[3])
return 1
`;
