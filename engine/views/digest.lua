-- Sums up each of some keys as SHA-1, where they stand: tickets and queues of a view, without sending them. Reads only.
-- KEYS: the keys, of one hash slot. ARGV: most members of a queue that is summed up here.
-- Answers one text for each: '' = it is not there, '+' = it is larger than that.
local found = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  local parts = {}
  if kind == 'hash' then
    local all = redis.call('HGETALL', key)
    for n = 1, #all, 2 do
      if all[n] ~= 'moved' then parts[#parts + 1] = all[n] .. '\0' .. all[n + 1] end -- a view made from the state does not know it
    end
    table.sort(parts)
  elseif kind == 'zset' then
    if redis.call('ZCARD', key) > tonumber(ARGV[1]) then parts = {'+'} else parts = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end
  end
  if kind == 'none' then found[i] = ''
  elseif parts[1] == '+' then found[i] = '+'
  else found[i] = redis.sha1hex(table.concat(parts, '\0')) end
end
return found
