/**
 * One atomic script for each write of the port, for Valkey and Redis from 5 on. All keys have one hash
 * tag, so on a cluster they are on one node. An entry is a hash that expires by itself; the index has
 * its place in the order of storing, and `sizes` its bytes, until a write finds that it has gone.
 *
 * `KEYS`: 1 the index, 2 sizes, 3 the sum of bytes; entries have the name `ARGV[1]` with their id.
 */

/** ARGV: start of an entry's name, id, ttl (ms), value, customer, model, purges seen, entries, bytes. */
export const PUT = `
local function forget(id)
  local size = redis.call('HGET', KEYS[2], id)
  if size then
    redis.call('HDEL', KEYS[2], id)
    redis.call('DECRBY', KEYS[3], size)
  end
end
local id = ARGV[2]
local name = ARGV[1] .. id
forget(id)
redis.call('DEL', name)
redis.call('HSET', name, 'value', ARGV[4], 'customer', ARGV[5], 'model', ARGV[6], 'seen', ARGV[7])
redis.call('PEXPIRE', name, ARGV[3])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000000 + time[2], id)
redis.call('HSET', KEYS[2], id, #ARGV[4])
redis.call('INCRBY', KEYS[3], #ARGV[4])
while redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[8])
  or tonumber(redis.call('GET', KEYS[3])) > tonumber(ARGV[9]) do
  local oldest = redis.call('ZPOPMIN', KEYS[1])[1]
  if not oldest then break end
  redis.call('DEL', ARGV[1] .. oldest)
  forget(oldest)
end
return 1
`;

/** ARGV: start of an entry's name, customer, model ('' each: any), revision, then ids. */
export const PURGE = `
local removed = 0
for i = 5, #ARGV do
  local id = ARGV[i]
  local name = ARGV[1] .. id
  local known = redis.call('HMGET', name, 'customer', 'model', 'seen')
  local gone = not known[1]
  local meant = not gone and tonumber(known[3]) < tonumber(ARGV[4])
    and (ARGV[2] == '' or known[1] == ARGV[2]) and (ARGV[3] == '' or known[2] == ARGV[3])
  if gone or meant then
    redis.call('DEL', name)
    redis.call('ZREM', KEYS[1], id)
    local size = redis.call('HGET', KEYS[2], id)
    if size then
      redis.call('HDEL', KEYS[2], id)
      redis.call('DECRBY', KEYS[3], size)
    end
  end
  if meant then removed = removed + 1 end
end
return removed
`;
