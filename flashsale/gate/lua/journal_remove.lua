-- Removes journal entries that are still the ones meant: after a failover to an older copy the same stream id can
-- name another win, so epoch, member, request id and generation have to agree.
-- KEYS j
-- ARGV five per entry: stream id, epoch, member, request id, generation
local ids = {}
for i = 1, #ARGV, 5 do
    local found = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
    if found then
        local f = found[2]
        if f[2] == ARGV[i + 1] and f[4] == ARGV[i + 2] and f[6] == ARGV[i + 3] and f[10] == ARGV[i + 4] then
            ids[#ids + 1] = ARGV[i]
        end
    end
end
if #ids == 0 then return 0 end
return redis.call('XDEL', KEYS[1], unpack(ids))
