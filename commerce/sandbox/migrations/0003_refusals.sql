-- Refunds that a tester wants the gateway to refuse: of one trade, or whichever is asked for next.
CREATE TABLE sandbox_alipay_refusals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    out_trade_no text,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);
CREATE INDEX sandbox_alipay_refusals_waiting ON sandbox_alipay_refusals (id) WHERE done_at IS NULL;
