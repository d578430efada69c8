-- What was posted on some days, without reading all that ever was.
CREATE INDEX ledger_transactions_at ON ledger_transactions (at);
