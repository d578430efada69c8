-- Staff read each part of their lists from an index of its own: one of all parts had to be read and sorted whole.
DROP INDEX remarks_queue;
CREATE INDEX remarks_waiting ON remarks (id) WHERE state = 'waiting';
CREATE INDEX remarks_reported ON remarks (id) WHERE state = 'shown' AND reports > 0;
CREATE INDEX remarks_unlooked ON remarks (id)
    WHERE state = 'shown' AND NOT checked AND (pictures <> '[]' OR video <> '');
-- What a shop has not replied to, and what it may not have answered: few, where somebody is at it.
CREATE INDEX remarks_unreplied ON remarks (shop_id)
    WHERE state = 'shown' AND kind IN ('review', 'follow_up') AND reply IS NULL;
CREATE INDEX remarks_asked ON remarks (shop_id) WHERE state = 'shown' AND kind = 'question';
CREATE INDEX remarks_by_shop ON remarks (parent_id) WHERE staff_id IS NOT NULL;
