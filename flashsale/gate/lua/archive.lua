-- Deletes an item's keys together once its sale is history.
-- KEYS g h r m j
-- ARGV epoch: the last one in PostgreSQL
-- Gives 1 deleted, 0 refused: the journal holds wins that are not settled, or the item is newer than that.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and tonumber(epoch) > tonumber(ARGV[1]) then return 0 end
if redis.call('XLEN', KEYS[5]) > 0 then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
return 1
