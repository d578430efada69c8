-- Addresses that categories and brands had before: they lead to where the thing is now.
CREATE TABLE old_slugs (
    kind text NOT NULL CHECK (kind IN ('category', 'brand')),
    slug text NOT NULL,
    target_id bigint NOT NULL,
    PRIMARY KEY (kind, slug)
);
CREATE INDEX old_slugs_target ON old_slugs (kind, target_id);
