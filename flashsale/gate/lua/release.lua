-- Gives the units of expired or void reservations back (step 6), each at most once: the generation guards it.
-- KEYS g h m
-- ARGV stamp, then four per row: epoch of the release row, member, request id, generation
-- Gives one byte a row: 1 given back, 2 nothing to give (done already, or a later generation holds it), 3 later.
-- 'Later' is also the answer while a rebuild loads: a hold that is not loaded yet must not be taken for released.
local g = redis.call('HMGET', KEYS[1], 'stamp', 'epoch', 'loading')
local ready = g[2] and g[1] == ARGV[1] and not g[3]
local epoch, out = tonumber(g[2] or 0), {}
for i = 2, #ARGV, 4 do
    local at, member, gen = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 3]
    if not at or not gen then return redis.error_reply('ERR malformed release') end
    if not ready or epoch < at then
        out[#out + 1] = '\3'
    else
        local field = member .. ':' .. ARGV[i + 2]
        local hold = redis.call('HGET', KEYS[2], field)
        local quantity, has = string.match(hold or '', '^(%d+):(%d+)$')
        if has == gen then
            redis.call('HDEL', KEYS[2], field)
            -- The member stays, with 0 units: admit.lua looks for win records of members it finds here.
            redis.call('HINCRBY', KEYS[3], member, -quantity)
            redis.call('HINCRBY', KEYS[1], 'avail', quantity)
            out[#out + 1] = '\1'
        else
            out[#out + 1] = '\2'
        end
    end
end
return table.concat(out)
