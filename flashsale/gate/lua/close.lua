-- Shuts an item's gate in the name of one rebuild (step 8a). The last to close owns it: an earlier rebuild's load is
-- refused from now on.
-- KEYS g
-- ARGV token
-- Gives the item's epoch, or nothing where the item is missing (there is no gate to shut then).
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch then redis.call('HSET', KEYS[1], 'gate', ARGV[1]) end
return epoch
