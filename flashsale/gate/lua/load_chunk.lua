-- Loads one chunk of reservations: a win record for each, a hold and the member's units for those that live.
-- KEYS g h r m
-- ARGV stamp, token, epoch, number of the chunk from 0, then five per row: member, request id, quantity, generation
--      ('' when the reservation holds nothing any more), epoch of the win
-- Gives 1 loaded, 0 refused. The chunk's number makes a repeated or a skipped chunk a refusal.
local g = redis.call('HMGET', KEYS[1], 'stamp', 'gate', 'epoch', 'loading')
if g[1] ~= ARGV[1] or g[2] ~= ARGV[2] or g[3] ~= ARGV[3] or g[4] ~= ARGV[4] then return 0 end
local taken = 0
for i = 5, #ARGV, 5 do
    local member, q, gen, units = ARGV[i], ARGV[i + 2], ARGV[i + 3], 0
    local field = member .. ':' .. ARGV[i + 1]
    redis.call('HSET', KEYS[3], field, q .. ':' .. ARGV[i + 4])
    if gen ~= '' then
        redis.call('HSET', KEYS[2], field, q .. ':' .. gen)
        units = tonumber(q)
        taken = taken + units
    end
    redis.call('HINCRBY', KEYS[4], member, units)
end
redis.call('HINCRBY', KEYS[1], 'avail', -taken)
redis.call('HINCRBY', KEYS[1], 'loading', 1)
return 1
