-- One atomic look at an item.
-- KEYS g h r m j
-- ARGV stamp, then 'figures' for the board: the item's own fields, how many entries each key has, whether the stamp is
--      the item's; or 'full' for verify: the holds, the members' units and the journal besides
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000000 + t[2])
local counts = {redis.call('HLEN', KEYS[2]), redis.call('HLEN', KEYS[3]), redis.call('HLEN', KEYS[4]), redis.call('XLEN', KEYS[5])}
local fit = redis.call('HGET', KEYS[1], 'stamp') == ARGV[1] and 1 or 0
local reply = {now, redis.call('HGETALL', KEYS[1]), counts, fit}
if ARGV[2] == 'full' then
    reply[5] = redis.call('HGETALL', KEYS[2])
    reply[6] = redis.call('HGETALL', KEYS[4])
    reply[7] = redis.call('XRANGE', KEYS[5], '-', '+')
end
return reply
