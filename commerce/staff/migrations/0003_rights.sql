-- Roles that the platform brings along stay as they are; others are made by the platform (shop_id null) or by a shop.
ALTER TABLE roles ADD COLUMN shop_id bigint;
ALTER TABLE roles ADD COLUMN built_in boolean NOT NULL DEFAULT false;
ALTER TABLE roles ADD COLUMN level text NOT NULL DEFAULT 'any' CHECK (level IN ('any', 'platform', 'shop'));
ALTER TABLE roles ADD COLUMN note text NOT NULL DEFAULT '';
CREATE INDEX roles_shop ON roles (shop_id) WHERE shop_id IS NOT NULL;

UPDATE roles SET built_in = true;
UPDATE roles SET level = 'platform' WHERE code = 'owner';
UPDATE roles SET level = 'shop',
    permissions = '{flashsale.view,flashsale.manage,orders.view,orders.manage,payments.view,payments.refund,products.view,products.manage,staff.manage,audit.view}'
WHERE code = 'shop_manager';
INSERT INTO roles (code, name, permissions, built_in, level) VALUES
    ('operator', '运营', '{flashsale.view,flashsale.manage,products.view,products.manage,orders.view}', true, 'any'),
    ('platform_operator', '平台运营', '{flashsale.view,flashsale.manage,products.view,products.manage,catalogue.manage,messages.send,orders.view}', true, 'platform'),
    ('platform_service', '平台客服', '{orders.view,payments.view,payments.refund,members.view,members.manage,products.view}', true, 'platform'),
    ('auditor', '审计', '{audit.view,orders.view,payments.view,products.view,flashsale.view,ledger.view}', true, 'platform');

-- Where a role holds: in a shop, or for null wherever its holder belongs (staff.shop_id; null: the whole platform).
ALTER TABLE staff_roles DROP CONSTRAINT staff_roles_pkey;
ALTER TABLE staff_roles ADD COLUMN shop_id bigint;
ALTER TABLE staff_roles ADD CONSTRAINT staff_roles_once UNIQUE NULLS NOT DISTINCT (staff_id, role_id, shop_id);
CREATE INDEX staff_roles_role ON staff_roles (role_id);
CREATE INDEX staff_roles_shop ON staff_roles (shop_id) WHERE shop_id IS NOT NULL;

-- Set by somebody else, so good for nothing but choosing another one.
ALTER TABLE staff ADD COLUMN password_temporary boolean NOT NULL DEFAULT false;
CREATE INDEX staff_shop ON staff (shop_id) WHERE shop_id IS NOT NULL;

-- Who changed what, from what to what, where from, for which shop.
ALTER TABLE staff_audit
    ADD COLUMN shop_id bigint,
    ADD COLUMN object_kind text NOT NULL DEFAULT '',
    ADD COLUMN object_id text NOT NULL DEFAULT '',
    ADD COLUMN object_name text NOT NULL DEFAULT '',
    ADD COLUMN before jsonb,
    ADD COLUMN after jsonb,
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN request_id text NOT NULL DEFAULT '';
CREATE INDEX staff_audit_shop ON staff_audit (shop_id, id);
CREATE INDEX staff_audit_object ON staff_audit (object_kind, object_id, id);
CREATE INDEX staff_audit_at ON staff_audit (at);

CREATE FUNCTION staff_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'staff_audit is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER staff_audit_stays BEFORE UPDATE OR DELETE ON staff_audit
    FOR EACH ROW EXECUTE FUNCTION staff_audit_stays();
CREATE TRIGGER staff_audit_stays_whole BEFORE TRUNCATE ON staff_audit
    FOR EACH STATEMENT EXECUTE FUNCTION staff_audit_stays();
