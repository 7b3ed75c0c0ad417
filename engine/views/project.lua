-- Folds a batch of one partition into the view: one call, so that tickets, queues and position never disagree.
-- KEYS[1] prefix of all keys. ARGV: partition, position expected, position after, then for each ticket:
-- id, version, identity, summary ('' = forgotten), score, number of queues, queues...
local prefix, partition, expected = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', prefix .. 'hold') == 1 then return {'hold', '0'} end
local found = redis.call('HGET', prefix .. 'positions', partition) or '0'
if found ~= expected then return {'position', found} end
local i = 4
while i <= #ARGV do
  local id, version, identity, row, score, count = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], tonumber(ARGV[i + 5])
  local key = prefix .. 't:' .. id
  local stored = redis.call('HGET', key, 'version')
  if not stored or tonumber(stored) < version then
    local old = redis.call('HGET', key, 'queues')
    if old then
      for queue in string.gmatch(old, '[^ ]+') do
        redis.call('ZREM', prefix .. 'q:' .. queue, id)
        if redis.call('EXISTS', prefix .. 'q:' .. queue) == 0 then redis.call('SREM', prefix .. 'queues', queue) end
      end
    end
    if row == '' then
      redis.call('DEL', key)
    else
      local names = {}
      for n = 1, count do
        local queue = ARGV[i + 5 + n]
        names[n] = queue
        redis.call('ZADD', prefix .. 'q:' .. queue, score, id)
        redis.call('SADD', prefix .. 'queues', queue)
      end
      redis.call('HSET', key, 'version', version, 'row', row, 'queues', table.concat(names, ' '))
      if identity ~= '' then redis.call('HSET', prefix .. 'ids', identity, id) end
    end
  end
  i = i + 6 + count
end
redis.call('HSET', prefix .. 'positions', partition, ARGV[3])
return {'ok', ARGV[3]}
