-- Journal entries older than so many milliseconds of Redis TIME, oldest first.
-- KEYS j
-- ARGV after (a stream id, or '-'), age in milliseconds, count
-- No stamp is asked for: a journal of an earlier run has to be read too; the fence in PostgreSQL judges each entry.
local from, upto = ARGV[1], '+'
if from ~= '-' then from = '(' .. from end
local age = tonumber(ARGV[2])
if age > 0 then
    local t = redis.call('TIME')
    upto = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) - age)
end
return redis.call('XRANGE', KEYS[1], from, upto, 'COUNT', ARGV[3])
