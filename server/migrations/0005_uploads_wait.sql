-- Until when a member's upload waits for something that shows it. Null: something did when it was last looked at, or staff
-- brought it.
ALTER TABLE uploads ADD COLUMN kept_until timestamptz;
UPDATE uploads SET kept_until = now() + interval '1 day' WHERE owner LIKE 'member:%';
CREATE INDEX uploads_due ON uploads (kept_until) WHERE kept_until IS NOT NULL;
