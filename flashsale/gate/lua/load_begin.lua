-- Empties an item and begins its load (step 8d), under the token that shut the gate.
-- KEYS g h r m j
-- ARGV stamp, token, epoch, padding, then the item's fields: name, value, …
-- Gives 1 begun, 0 refused: a newer epoch is there, or somebody else has shut the gate since.
local g = redis.call('HMGET', KEYS[1], 'epoch', 'gate')
if g[1] and (tonumber(g[1]) >= tonumber(ARGV[3]) or g[2] ~= ARGV[2]) then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
-- The journal was settled before; trimming rather than deleting keeps its ids rising even if the clock steps back.
redis.call('XTRIM', KEYS[5], 'MAXLEN', 0)
redis.call('HSET', KEYS[1], 'stamp', ARGV[1], 'gate', ARGV[2], 'epoch', ARGV[3], 'loading', 0, unpack(ARGV, 5))
-- One long value keeps a hash out of the compact encoding, in which every look-up reads the hash from its start.
redis.call('HSET', KEYS[2], '', ARGV[4])
redis.call('HSET', KEYS[3], '', ARGV[4])
redis.call('HSET', KEYS[4], '', ARGV[4])
return 1
