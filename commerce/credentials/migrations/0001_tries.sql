-- Log-ins tried on one account since `since`; a good one removes the row. Accounts that do not exist are counted too,
-- so that the refusal does not tell which ones do.
CREATE TABLE login_tries (
    realm text NOT NULL CHECK (realm IN ('member', 'staff')),
    account citext NOT NULL,
    tries integer NOT NULL DEFAULT 1,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (realm, account)
);
CREATE INDEX login_tries_age ON login_tries (since);
