-- Takes units again for a payment that came after the deadline (step 7), under the next generation of its reservation.
-- KEYS g h r m j
-- ARGV stamp, member, request id, quantity, the new generation
-- Gives {0, epoch, outcome, journal id if something was written}, or {why} as admit.lua does.
local g = redis.call('HMGET', KEYS[1], 'stamp', 'gate', 'epoch', 'limit', 'avail')
if not g[3] then return {1} end
if g[1] ~= ARGV[1] then return {2} end
if g[2] ~= '' then return {3} end
local member, rid, q, gen = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not q or q < 1 or q % 1 ~= 0 or not gen or gen < 2 or gen % 1 ~= 0 then
    return redis.error_reply('ERR malformed re-win')
end
local field = member .. ':' .. rid
local has = tonumber(string.match(redis.call('HGET', KEYS[2], field) or '', ':(%d+)$'))
if has and has >= gen then return {0, g[3], 2} end
if not has then
    -- Released already: the unit has to be taken anew, and whoever stands in line has the same right to it.
    local units = tonumber(redis.call('HGET', KEYS[4], member) or 0) + q
    if units > tonumber(g[4]) then return {0, g[3], 8} end
    if q > tonumber(g[5]) then return {0, g[3], 7} end
    redis.call('HSET', KEYS[1], 'avail', tonumber(g[5]) - q)
    redis.call('HSET', KEYS[4], member, units)
end
local hold = ARGV[4] .. ':' .. ARGV[5]
redis.call('HSET', KEYS[2], field, hold)
-- A key that holds units has won, whatever became of its record.
redis.call('HSETNX', KEYS[3], field, ARGV[4] .. ':' .. g[3])
local id = redis.call('XADD', KEYS[5], '*', 'e', g[3], 'w', field .. ' ' .. hold)
return {0, g[3], 1, id}
