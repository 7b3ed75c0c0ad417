-- Folds a batch of one partition into the view: one call, so that tickets, queues and position never disagree.
-- Each change is told on a capped stream as well: row, queues left and entered; a view that begins says so by a marker.
-- KEYS: positions, hold, queues, ids, changes; then for each ticket: its own, those of the queues it leaves behind, those of the queues it stands in.
-- ARGV: partition, position expected, position after, form, most changes kept; then for each ticket: id, version, identity, rank (3 characters),
-- summary ('' = forgotten), the ticket whole, score, since when it is overdue at the latest, from when on nothing has begun, what moved it ('' = nothing new), number of former queues, number of queues, former queues..., queues...
-- All keys are declared, and share one hash slot by their tag.
local positions, hold, all, ids, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local partition, expected = ARGV[1], ARGV[2]
if redis.call('EXISTS', hold) == 1 then return {'hold', '0'} end
local found = redis.call('HGET', positions, partition) or '0'
if found ~= expected then return {'position', found} end
redis.call('HSETNX', positions, 'form', ARGV[4])
if redis.call('HEXISTS', positions, 'generation') == 0 then
  local t = redis.call('TIME')
  local generation = t[1] .. string.format('%06d', tonumber(t[2]))
  redis.call('HSET', positions, 'generation', generation)
  redis.call('XADD', changes, '*', 'reset', generation)
end

-- names that no reader of changes asks for: they serve figures alone
local function told(name) return name ~= 'since' and string.sub(name, 1, 5) ~= 'late:' end
-- queues that are not listed: as many as people, or of all that is open
local function listed(name)
  return told(name) and name ~= 'due' and name ~= 'not_begun' and string.sub(name, 1, 7) ~= 'person:'
end

-- who is named by an identity: of all its tickets the open one, then the one referred most often, then the later id
local function claim(identity, id, rank)
  local names = {}
  for one in string.gmatch(redis.call('HGET', ids, identity) or '', '[^\31]+') do
    if string.sub(one, 4) ~= id then names[#names + 1] = one end
  end
  if rank ~= '' then names[#names + 1] = rank .. id end
  table.sort(names, function(a, b) return a > b end)
  if #names == 0 then redis.call('HDEL', ids, identity) else redis.call('HSET', ids, identity, table.concat(names, '\31')) end
end

local i, k = 6, 6
while i <= #ARGV do
  local id, version, identity, rank, row, image, score, since = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7]
  local idle, moved, before, after, at = ARGV[i + 8], ARGV[i + 9], tonumber(ARGV[i + 10]), tonumber(ARGV[i + 11]), i + 12
  local key = KEYS[k]
  local stored = redis.call('HMGET', key, 'version', 'queues', 'identity', 'moved')
  if not stored[1] or tonumber(stored[1]) < version then
    local old, names = table.concat(ARGV, '\31', at, at + before - 1), table.concat(ARGV, '\31', at + before, at + before + after - 1)
    if old ~= (stored[2] or '') then return {'position', found} end
    if old ~= names then
      for n = 0, before - 1 do
        redis.call('ZREM', KEYS[k + 1 + n], id)
        if redis.call('EXISTS', KEYS[k + 1 + n]) == 0 then redis.call('SREM', all, ARGV[at + n]) end
      end
    end
    local was, is, left, entered = {}, {}, {}, {}
    for n = 0, before - 1 do was[ARGV[at + n]] = true end
    for n = before, before + after - 1 do
      local name = ARGV[at + n]
      is[name] = true
      if name == 'since' then redis.call('ZADD', KEYS[k + 1 + n], 'NX', since, id)
      elseif name == 'not_begun' then redis.call('ZADD', KEYS[k + 1 + n], idle, id)
      else redis.call('ZADD', KEYS[k + 1 + n], score, id) end
      if old ~= names and listed(name) then redis.call('SADD', all, name) end
      if not was[name] and told(name) then entered[#entered + 1] = name end
    end
    for n = 0, before - 1 do
      local name = ARGV[at + n]
      if not is[name] and told(name) then left[#left + 1] = name end
    end
    local says, by = row, moved ~= '' and moved or stored[4]
    if row ~= '' and by then says = string.sub(row, 1, -2) .. ',"moved":' .. by .. '}' end
    redis.call('XADD', changes, 'MAXLEN', '~', ARGV[5], '*', 'id', id, 'version', version, 'row', says,
      'left', table.concat(left, '\31'), 'entered', table.concat(entered, '\31'))
    if stored[3] and stored[3] ~= '' and stored[3] ~= identity then claim(stored[3], id, '') end
    if row == '' then
      redis.call('DEL', key)
    else
      redis.call('HSET', key, 'version', version, 'row', row, 'image', image, 'queues', names, 'identity', identity)
      if moved ~= '' then redis.call('HSET', key, 'moved', moved) end
      if identity ~= '' then claim(identity, id, rank) end
    end
  end
  i, k = at + before + after, k + 1 + before + after
end
redis.call('HSET', positions, partition, ARGV[3])
return {'ok', ARGV[3]}
