-- What the platform does by itself where staff would (its demo plans sales) is written down too, with nobody as who did it.
ALTER TABLE staff_audit ALTER COLUMN staff_id DROP NOT NULL;
