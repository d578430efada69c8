-- Records by what was done; and when somebody last came, without reading all that they did.
CREATE INDEX staff_audit_kind ON staff_audit (kind, id);
CREATE INDEX staff_audit_log_ins ON staff_audit (staff_id, at) WHERE kind = 'log_in';
