-- The list goes by when things happened, which is what it shows, not by when a worker came to tell of them.
CREATE INDEX messages_listed_at ON messages (member_id, created_at, id) WHERE listed;
DROP INDEX messages_listed;
