CREATE TABLE staff (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account citext NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    shop_id bigint, -- null: the whole platform; shops come later in the order of features, hence no reference
    otp_secret bytea, -- sealed with the key of the installation; null: no second factor
    otp_used bigint NOT NULL DEFAULT 0, -- the time step of the last one-time password: each counts once
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE roles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    permissions text[] NOT NULL
);

CREATE TABLE staff_roles (
    staff_id bigint NOT NULL REFERENCES staff,
    role_id bigint NOT NULL REFERENCES roles,
    PRIMARY KEY (staff_id, role_id)
);

-- Who did what in the back office; never changed, never removed.
CREATE TABLE staff_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    address text NOT NULL DEFAULT '',
    agent text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX staff_audit_staff ON staff_audit (staff_id, id);

INSERT INTO roles (code, name, permissions) VALUES
    ('owner', '平台管理员', '{*}'),
    ('shop_manager', '店长', '{flashsale.view,flashsale.manage,orders.view,orders.manage,payments.view,products.view,products.manage}'),
    ('service', '客服', '{orders.view,payments.view,members.view,products.view}'),
    ('warehouse', '仓库', '{orders.view,orders.manage,products.view}'),
    ('finance', '财务', '{orders.view,payments.view,payments.refund,ledger.view}'),
    ('host', '主播', '{flashsale.view,products.view}');
