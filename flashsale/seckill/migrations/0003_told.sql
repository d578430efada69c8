-- Whether the member has been told of the order over /member: written off the settlement's path, by whoever tells.
ALTER TABLE fs_reservations ADD COLUMN told_at timestamptz;
UPDATE fs_reservations SET told_at = created_at;
CREATE INDEX fs_reservations_untold ON fs_reservations (id) WHERE told_at IS NULL AND status <> 'void';
