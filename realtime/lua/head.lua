-- Return where a room stands: its epoch and the number of its last event. A room nobody spoke in begins now.
-- KEYS: head, log. ARGV: a fresh epoch, for how many seconds to keep it, and for how many while nobody has spoken:
-- strangers may ask for as many rooms as they can think of names.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local head = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'seq')
if not head[1] or head[2] ~= run then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'run', run, 'seq', 0)
  head = {ARGV[1], run, '0'}
end
redis.call('EXPIRE', KEYS[1], head[3] == '0' and ARGV[3] or ARGV[2])
return {head[1], tonumber(head[3])}
