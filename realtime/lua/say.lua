-- Number an event of a room, keep it, and tell every process, all at once.
-- KEYS: head, log. ARGV: a fresh epoch, how many events to keep, for how many seconds, the channel,
-- the event without its place (an array of three in msgpack that lacks the third), PUBLISH or SPUBLISH.
--
-- The epoch lasts as long as this server process: one that was started again may have come back as an older copy and
-- would deal the same numbers to other events.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local head = redis.call('HMGET', KEYS[1], 'epoch', 'run')
local epoch = head[1]
if not epoch or head[2] ~= run then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'run', run, 'seq', 0)
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local message = ARGV[5] .. cmsgpack.pack({epoch = epoch, seq = seq})
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], seq .. '-0', 'm', message)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call(ARGV[6], ARGV[4], message)
return {epoch, seq}
