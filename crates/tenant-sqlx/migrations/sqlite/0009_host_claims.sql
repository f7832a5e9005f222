-- Hosts that tenants have yet to prove theirs: several may claim the same. Moments are microseconds since 1970.
CREATE TABLE tenant_host_claims (
    tenant_id TEXT NOT NULL,
    host TEXT NOT NULL,
    token TEXT NOT NULL,
    status TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, host)
) STRICT;

CREATE INDEX tenant_host_claims_by_try ON tenant_host_claims (status, next_try_at);

CREATE INDEX tenant_host_claims_by_end ON tenant_host_claims (expires_at);
