-- Who registered today is counted on the back office's first page.
CREATE INDEX members_joined ON members (created_at);
