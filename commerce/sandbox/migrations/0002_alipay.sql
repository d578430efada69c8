-- The simulated Alipay keeps books of its own: the platform never reads them, they never read the platform's.
CREATE TABLE sandbox_alipay_trades (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trade_no text NOT NULL UNIQUE,
    out_trade_no text NOT NULL UNIQUE,
    token text NOT NULL UNIQUE,
    app_id text NOT NULL,
    subject text NOT NULL,
    total_amount bigint NOT NULL CHECK (total_amount > 0),
    status text NOT NULL DEFAULT 'WAIT_BUYER_PAY'
        CHECK (status IN ('WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_CLOSED')),
    paid_amount bigint CHECK (paid_amount > 0),
    refunded bigint NOT NULL DEFAULT 0,
    notify_url text NOT NULL,
    return_url text NOT NULL,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    closed_at timestamptz,
    CHECK (refunded >= 0 AND refunded <= coalesce(paid_amount, 0))
);
CREATE INDEX sandbox_alipay_trades_expiry ON sandbox_alipay_trades (expires_at) WHERE status = 'WAIT_BUYER_PAY';

CREATE TABLE sandbox_alipay_refunds (
    trade_id bigint NOT NULL REFERENCES sandbox_alipay_trades,
    out_request_no text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (trade_id, out_request_no)
);

-- What a tester wants a buyer to do, now or later.
CREATE TABLE sandbox_alipay_acts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trade_id bigint NOT NULL REFERENCES sandbox_alipay_trades,
    outcome text NOT NULL CHECK (outcome IN ('paid', 'failed')),
    amount bigint CHECK (amount > 0),
    times integer NOT NULL DEFAULT 1 CHECK (times BETWEEN 0 AND 10),
    due_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);
CREATE INDEX sandbox_alipay_acts_due ON sandbox_alipay_acts (due_at) WHERE done_at IS NULL;

CREATE TABLE sandbox_alipay_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trade_id bigint NOT NULL REFERENCES sandbox_alipay_trades,
    notify_id text NOT NULL,
    payload jsonb NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    answer text,
    done_at timestamptz,
    given_up_at timestamptz
);
CREATE INDEX sandbox_alipay_deliveries_due ON sandbox_alipay_deliveries (due_at)
    WHERE done_at IS NULL AND given_up_at IS NULL;
