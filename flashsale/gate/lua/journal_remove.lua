-- Removes takes from the journal that are still the ones meant: after a failover to an older copy the same stream id
-- can name others, so epoch, member, quantity, generation and request id have to agree. What else an entry holds stays,
-- under a new id.
-- KEYS j
-- ARGV three per take: stream id, epoch, 'member:request-id quantity:generation'
-- Gives how many were removed.
local meant, ids = {}, {}
for i = 1, #ARGV, 3 do
    local id = ARGV[i]
    if not meant[id] then
        meant[id] = {}
        ids[#ids + 1] = id
    end
    meant[id][ARGV[i + 1] .. ' ' .. ARGV[i + 2]] = true
end
local removed = 0
for _, id in ipairs(ids) do
    local found = redis.call('XRANGE', KEYS[1], id, id)[1]
    if found then
        local epoch, rest, gone = found[2][2], {}, 0
        for take in string.gmatch(found[2][4], '%S+ %S+') do
            if meant[id][epoch .. ' ' .. take] then gone = gone + 1 else rest[#rest + 1] = take end
        end
        if gone > 0 then
            redis.call('XDEL', KEYS[1], id)
            if #rest > 0 then redis.call('XADD', KEYS[1], '*', 'e', epoch, 'w', table.concat(rest, ' ')) end
            removed = removed + gone
        end
    end
end
return removed
