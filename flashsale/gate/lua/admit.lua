-- Decides up to 128 attempts on one item, in the order they are given (step 2 of the purchase path).
-- KEYS g h r m j
-- ARGV stamp, then three columns of n: members, quantities, request ids
-- Gives {0, epoch, one byte of outcome per attempt, journal id if any won} or {why} when nothing was looked at:
-- 1 item missing, 2 stamp of another run, 3 gate closed. Everything is decided before anything is written, so that
-- an error cannot leave half a batch behind. A refusal writes nothing.
local tonumber = tonumber
local g = redis.call('HMGET', KEYS[1], 'stamp', 'gate', 'epoch', 'state', 'starts', 'ends', 'limit', 'avail')
if not g[3] then return {1} end
if g[1] ~= ARGV[1] then return {2} end
if g[2] ~= '' then return {3} end

local n = (#ARGV - 1) / 3
if n < 1 or n > 128 or n % 1 ~= 0 then return redis.error_reply('ERR malformed batch') end
local quantities, rids = 1 + n, 1 + 2 * n
local epoch, limit, avail = g[3], tonumber(g[7]), tonumber(g[8])

-- What the state or the window says to everyone who has not won already; nil while the sale runs.
local shut
if g[4] == 'paused' then
    shut = '\6'
elseif g[4] ~= 'open' then
    shut = '\5'
else
    local t = redis.call('TIME')
    local now = t[1] * 1000 + t[2] / 1000
    if now < tonumber(g[5]) then shut = '\4' elseif now >= tonumber(g[6]) then shut = '\5' end
end

-- Whoever has ever won is in m, with 0 units if all went back; only their win records need looking at.
local held = redis.call('HMGET', KEYS[4], unpack(ARGV, 2, 1 + n))
local fields, asked, records = {}, {}, {}
for i = 1, n do
    if held[i] then
        fields[#fields + 1] = ARGV[1 + i] .. ':' .. ARGV[rids + i]
        asked[#fields] = i
    end
end
if #fields > 0 then
    local found = redis.call('HMGET', KEYS[3], unpack(fields))
    for k, i in ipairs(asked) do records[i] = found[k] end
end

-- h, r and m collect what is to be written, field and value in turn.
local out, won, units, h, r, m, at = {}, {}, {}, {}, {}, {}, 0
local quantity, q
for i = 1, n do
    local member = ARGV[1 + i]
    if quantity ~= ARGV[quantities + i] then
        quantity = ARGV[quantities + i]
        q = tonumber(quantity)
        if not q or q < 1 or q % 1 ~= 0 then return redis.error_reply('ERR malformed quantity') end
    end
    local now_held = units[member]
    local record = records[i] or now_held and won[member .. ':' .. ARGV[rids + i]]
    if record then
        out[i] = string.match(record, '^%d+') == quantity and '\2' or '\3'
    elseif shut then
        out[i] = shut
    else
        local u = q + (now_held or held[i] and tonumber(held[i]) or 0)
        if u > limit then
            out[i] = '\8'
        elseif q > avail then
            out[i] = '\7'
        else
            out[i] = '\1'
            avail = avail - q
            local field, record = member .. ':' .. ARGV[rids + i], quantity .. ':' .. epoch
            units[member], won[field] = u, record
            h[at + 1], h[at + 2] = field, quantity .. ':1'
            r[at + 1], r[at + 2] = field, record
            m[at + 1], m[at + 2] = member, u
            at = at + 2
        end
    end
end

local reply = {0, epoch, table.concat(out)}
if at > 0 then
    redis.call('HSET', KEYS[1], 'avail', avail)
    redis.call('HSET', KEYS[2], unpack(h))
    redis.call('HSET', KEYS[3], unpack(r))
    redis.call('HSET', KEYS[4], unpack(m))
    -- One journal entry for all holds: an entry each would cost as much again as everything else.
    reply[4] = redis.call('XADD', KEYS[5], '*', 'e', epoch, 'w', table.concat(h, ' '))
end
return reply
