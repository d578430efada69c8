-- Deletes an item's keys together once its sale is history.
-- KEYS g h r m j
-- ARGV epoch: the last one in PostgreSQL
-- Gives 1 deleted, 0 refused: the journal holds wins that are not settled, the item is newer than that, or a rebuild is
-- at it, which would bring it back.
local g = redis.call('HMGET', KEYS[1], 'epoch', 'gate')
if g[1] and (tonumber(g[1]) > tonumber(ARGV[1]) or g[2] ~= '') then return 0 end
if redis.call('XLEN', KEYS[5]) > 0 then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
return 1
