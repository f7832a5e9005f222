-- A page of the log is read in its order, the newest first, whatever it is looked for by.
DROP INDEX tenant_audit_by_tenant;

CREATE INDEX tenant_audit_by_tenant ON tenant_audit (tenant_id, time, number);

CREATE INDEX tenant_audit_by_tenant_actor ON tenant_audit (tenant_id, actor, time, number);

CREATE INDEX tenant_audit_by_tenant_action ON tenant_audit (tenant_id, action, time, number);

CREATE INDEX tenant_audit_by_tenant_resource ON tenant_audit (tenant_id, resource_type, time, number);

CREATE INDEX tenant_audit_by_time ON tenant_audit (time, number);

CREATE INDEX tenant_audit_by_actor ON tenant_audit (actor, time, number);

CREATE INDEX tenant_audit_by_action ON tenant_audit (action, time, number);
