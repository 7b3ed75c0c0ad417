-- Folds a batch of one partition into the view: one call, so that tickets, queues and position never disagree.
-- Each change is told on a capped stream as well: row, queues left and entered; a view that begins says so by a marker.
-- KEYS: positions, hold, queues, ids, changes, last; then each ticket's own; then those of the queues that somebody enters, leaves or moves in.
-- ARGV: partition, position expected, position after, offset and time of the last record ('' = as it was), form, most changes kept; then packed
-- (fold_call.py): tickets {id, version, as it stood ('new' = nothing is there), as it stands, row ('' = forgotten), the ticket whole, what moved
-- it ('' = nothing new), queues left, entered}, queues {name, ids gone, score and id of each put}, queues to be listed,
-- identities that only one names so far, each with what names it, and all other claims {former identity, identity, id, rank (3 characters)}.
-- Answers 'other' where a ticket stands otherwise than it is told to have stood; then, as for 'hold' and 'position', nothing was written.
-- All keys are declared, and share one hash slot by their tag.
local positions, hold, all, ids, changes, last = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local partition, call = ARGV[1], redis.call
local tickets, queues, listed, fresh, names, claims = unpack(cmsgpack.unpack(ARGV[7]))
local first = 6
if call('EXISTS', hold) == 1 then return {'hold', '0'} end
local found = call('HMGET', positions, partition, 'form', 'generation')
local at = found[1] or '0'
if at ~= ARGV[2] then return {'position', at} end

local moved, new = {}, {}
for n, ticket in ipairs(tickets) do
  if ticket[3] == 'new' then
    new[#new + 1], moved[n] = KEYS[first + n], ''
  else
    local stands = call('HMGET', KEYS[first + n], 'stands', 'moved')
    if (stands[1] or '') ~= ticket[3] then return {'other', ticket[1]} end
    moved[n] = stands[2] or ''
  end
end
if #new > 0 and call('EXISTS', unpack(new)) > 0 then return {'other', 'what was new'} end

if not found[2] then call('HSET', positions, 'form', ARGV[5]) end
if not found[3] then
  local t = call('TIME')
  local generation = t[1] .. string.format('%06d', tonumber(t[2]))
  call('HSET', positions, 'generation', generation)
  call('XADD', changes, '*', 'reset', generation)
end

for n, ticket in ipairs(tickets) do
  local key, row, by = KEYS[first + n], ticket[5], ticket[7]
  if row == '' then
    call('DEL', key)
    by = ''
  elseif by == '' then
    by = moved[n]
    call('HSET', key, 'stands', ticket[4], 'row', row, 'image', ticket[6])
  else
    call('HSET', key, 'stands', ticket[4], 'row', row, 'image', ticket[6], 'moved', by)
  end
  call('XADD', changes, 'MAXLEN', '~', ARGV[6], '*', 'id', ticket[1], 'version', ticket[2], 'row', row,
    'moved', by, 'left', ticket[8], 'entered', ticket[9])
end

first = first + #tickets
local most = 1000 -- arguments of one command: Lua takes up to 8,000
for n, queue in ipairs(queues) do
  local key, gone, put = KEYS[first + n], queue[2], queue[3]
  for from = 1, #gone, most do call('ZREM', key, unpack(gone, from, math.min(from + most - 1, #gone))) end
  for from = 1, #put, most do call('ZADD', key, unpack(put, from, math.min(from + most - 1, #put))) end
  if #gone > 0 and #put == 0 and call('EXISTS', key) == 0 then call('SREM', all, queue[1]) end
end
if #listed > 0 then call('SADD', all, unpack(listed)) end

-- who is named by an identity: of all its tickets the open one, then the one referred most often, then the later id
local function claim(identity, id, rank)
  local them = {}
  for one in string.gmatch(call('HGET', ids, identity) or '', '[^\31]+') do
    if string.sub(one, 4) ~= id then them[#them + 1] = one end
  end
  if rank ~= '' then them[#them + 1] = rank .. id end
  table.sort(them, function(a, b) return a > b end)
  if #them == 0 then call('HDEL', ids, identity) else call('HSET', ids, identity, table.concat(them, '\31')) end
end

if #fresh > 0 then
  local known, unknown = call('HMGET', ids, unpack(fresh)), {}
  for n, identity in ipairs(fresh) do
    if known[n] then
      claim(identity, string.sub(names[n], 4), string.sub(names[n], 1, 3))
    else
      unknown[#unknown + 1], unknown[#unknown + 2] = identity, names[n]
    end
  end
  if #unknown > 0 then call('HSET', ids, unpack(unknown)) end
end
for _, one in ipairs(claims) do
  if one[1] ~= '' and one[1] ~= one[2] then claim(one[1], one[3], '') end
  if one[2] ~= '' then claim(one[2], one[3], one[4]) end
end
if ARGV[4] ~= '' then call('HSET', last, partition, ARGV[4]) end
call('HSET', positions, partition, ARGV[3])
return {'ok', ARGV[3]}
