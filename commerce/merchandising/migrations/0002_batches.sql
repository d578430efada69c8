-- Changes of many products together: chosen, looked at, done row by row, and for a day taken back.
CREATE TABLE product_batches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('edit', 'import', 'undo')),
    staff_id bigint NOT NULL REFERENCES staff,
    -- Whose products it may touch; null: everybody's.
    shops bigint[],
    -- What to do; of a file its name and figures.
    edit jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(edit) = 'object'),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'running', 'done')),
    undoes bigint REFERENCES product_batches UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    done_at timestamptz
);

CREATE TABLE product_batch_rows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id bigint NOT NULL REFERENCES product_batches ON DELETE CASCADE,
    position integer NOT NULL,
    product_id bigint REFERENCES products,
    label text NOT NULL,
    -- What a file asks for, or which changes are to be taken back; null where the batch's edit says it.
    wanted jsonb,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'same', 'refused')),
    -- Why it was refused: the field and the reason's msgid.
    field text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    changes jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(changes) = 'array'),
    UNIQUE (batch_id, position)
);
CREATE INDEX product_batch_rows_waiting ON product_batch_rows (batch_id, position) WHERE state = 'waiting';

-- What goes on or off the shelf at a moment to come.
CREATE TABLE shelf_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES products,
    status text NOT NULL CHECK (status IN ('on', 'off')),
    due_at timestamptz NOT NULL,
    staff_id bigint NOT NULL REFERENCES staff,
    batch_id bigint REFERENCES product_batches,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'same', 'refused', 'cancelled')),
    reason text NOT NULL DEFAULT '',
    done_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shelf_changes_due ON shelf_changes (due_at) WHERE state = 'waiting';
CREATE INDEX shelf_changes_product ON shelf_changes (product_id, due_at);
-- A product is put on or off once at a moment.
CREATE UNIQUE INDEX shelf_changes_once ON shelf_changes (product_id, due_at) WHERE state = 'waiting';
