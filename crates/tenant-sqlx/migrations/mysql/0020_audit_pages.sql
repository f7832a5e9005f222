-- A page of the log is read in its order, the newest first, whatever it is looked for by.
ALTER TABLE tenant_audit
    DROP INDEX tenant_audit_by_tenant,
    ADD INDEX tenant_audit_by_tenant (tenant_id, time, number),
    ADD INDEX tenant_audit_by_tenant_actor (tenant_id, actor, time, number),
    ADD INDEX tenant_audit_by_tenant_action (tenant_id, action, time, number),
    ADD INDEX tenant_audit_by_tenant_resource (tenant_id, resource_type, time, number),
    ADD INDEX tenant_audit_by_time (time, number),
    ADD INDEX tenant_audit_by_actor (actor, time, number),
    ADD INDEX tenant_audit_by_action (action, time, number);
