-- When a session was last used, to within some minutes: its owner sees it in the list of devices.
ALTER TABLE sessions ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();
