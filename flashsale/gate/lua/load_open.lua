-- Opens a loaded item, last of all, and only if this very load is complete.
-- KEYS g
-- ARGV stamp, token, epoch, chunks loaded
-- Gives 1 opened, 0 refused.
local g = redis.call('HMGET', KEYS[1], 'stamp', 'gate', 'epoch', 'loading')
if g[1] ~= ARGV[1] or g[2] ~= ARGV[2] or g[3] ~= ARGV[3] or g[4] ~= ARGV[4] then return 0 end
redis.call('HDEL', KEYS[1], 'loading')
redis.call('HSET', KEYS[1], 'gate', '')
return 1
