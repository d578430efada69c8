-- Staff look members up by a part of their name.
CREATE INDEX members_nickname ON members USING gin (nickname gin_trgm_ops);
