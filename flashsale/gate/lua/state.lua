-- Pauses, resumes or ends an item, or moves its window or limit. The revision comes from PostgreSQL: news that arrive
-- late change nothing.
-- KEYS g
-- ARGV rev, then the fields: name, value, …
-- Gives 1 applied, 2 the item has this revision or a newer one, 3 item missing.
local rev = redis.call('HGET', KEYS[1], 'rev')
if not rev then return 3 end
if tonumber(rev) >= tonumber(ARGV[1]) then return 2 end
redis.call('HSET', KEYS[1], 'rev', ARGV[1], unpack(ARGV, 2))
return 1
