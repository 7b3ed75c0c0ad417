-- Folds a batch of one partition into the view: one call, so that tickets, queues and position never disagree.
-- KEYS[1] prefix of all keys. ARGV: partition, position expected, position after, form, then for each ticket:
-- id, version, identity, summary ('' = forgotten), score, number of queues, queues...
local prefix, partition, expected = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', prefix .. 'hold') == 1 then return {'hold', '0'} end
local found = redis.call('HGET', prefix .. 'positions', partition) or '0'
if found ~= expected then return {'position', found} end
if found == '0' then redis.call('HSET', prefix .. 'positions', 'form', ARGV[4]) end
local i = 5
while i <= #ARGV do
  local id, version, identity, row, score, count = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], tonumber(ARGV[i + 5])
  local key = prefix .. 't:' .. id
  local stored = redis.call('HMGET', key, 'version', 'queues')
  if not stored[1] or tonumber(stored[1]) < version then
    local names = table.concat(ARGV, '\31', i + 6, i + 5 + count)
    local old = stored[2]
    if old and old ~= names then
      for queue in string.gmatch(old, '[^\31]+') do
        redis.call('ZREM', prefix .. 'q:' .. queue, id)
        if redis.call('EXISTS', prefix .. 'q:' .. queue) == 0 then redis.call('SREM', prefix .. 'queues', queue) end
      end
    end
    for n = i + 6, i + 5 + count do
      redis.call('ZADD', prefix .. 'q:' .. ARGV[n], score, id)
      -- a person's queue is not listed: there are as many as people
      if old ~= names and string.sub(ARGV[n], 1, 7) ~= 'person:' then redis.call('SADD', prefix .. 'queues', ARGV[n]) end
    end
    if row == '' then
      redis.call('DEL', key)
    else
      redis.call('HSET', key, 'version', version, 'row', row, 'queues', names)
      if identity ~= '' then redis.call('HSET', prefix .. 'ids', identity, id) end
    end
  end
  i = i + 6 + count
end
redis.call('HSET', prefix .. 'positions', partition, ARGV[3])
return {'ok', ARGV[3]}
