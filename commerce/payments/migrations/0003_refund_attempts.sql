-- A refund that its gateway refused can be tried again: under the same number, so that it is paid once at most.
ALTER TABLE refunds ADD COLUMN attempt integer NOT NULL DEFAULT 1 CHECK (attempt > 0);
CREATE INDEX refunds_by_status ON refunds (status, id DESC);

-- What the ledger calls each attempt: the refund's number, from the second on with -2, -3, …
CREATE VIEW refund_attempts AS
    SELECT id AS refund_id, refund_no AS ref FROM refunds
    UNION ALL
    SELECT id, refund_no || '-' || k FROM refunds CROSS JOIN LATERAL generate_series(2, attempt) AS k WHERE attempt > 1;
