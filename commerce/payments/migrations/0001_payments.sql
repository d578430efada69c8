CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_no text NOT NULL UNIQUE CHECK (payment_no ~ '^[0-9]{18}$'),
    order_id bigint NOT NULL REFERENCES orders,
    method text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paid', 'closed', 'refunded')),
    gateway_trade_no text UNIQUE,
    -- What the gateway says it took; another sum than the amount is a mismatch and never pays the order.
    received bigint CHECK (received > 0),
    -- What the money was for: the order itself, or nothing that still wanted it.
    purpose text CHECK (purpose IN ('order', 'late', 'double', 'mismatch')),
    late_decision text CHECK (late_decision IN ('rewon', 'refund')),
    pay_before timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    closed_at timestamptz,
    query_at timestamptz NOT NULL DEFAULT now() + interval '15 seconds',
    queries integer NOT NULL DEFAULT 0,
    CHECK (status NOT IN ('paid', 'refunded') OR (received = amount AND paid_at IS NOT NULL AND purpose <> 'mismatch')),
    CHECK (late_decision IS NULL OR purpose = 'late')
);
CREATE INDEX payments_of_order ON payments (order_id, id);
CREATE INDEX payments_to_query ON payments (query_at) WHERE status = 'pending';
-- An order is paid once: a second payment of it is a double or a late one.
CREATE UNIQUE INDEX payments_that_paid ON payments (order_id) WHERE purpose = 'order' OR late_decision = 'rewon';

CREATE TABLE refunds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_no text NOT NULL UNIQUE CHECK (refund_no ~ '^[0-9]{18}$'),
    payment_id bigint NOT NULL REFERENCES payments,
    amount bigint NOT NULL CHECK (amount > 0),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'failed')),
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    failed_at timestamptz,
    error text,
    try_at timestamptz NOT NULL DEFAULT now() + interval '5 seconds',
    tries integer NOT NULL DEFAULT 0,
    UNIQUE (payment_id, reason)
);
CREATE INDEX refunds_open ON refunds (try_at) WHERE status = 'pending';

-- Every notification as it came, true or forged, for whoever has to find out later.
CREATE TABLE gateway_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    method text NOT NULL,
    body bytea NOT NULL,
    verified boolean NOT NULL,
    payment_no text,
    outcome text NOT NULL,
    address text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gateway_messages_payment ON gateway_messages (payment_no, id);
CREATE INDEX gateway_messages_age ON gateway_messages (at);
