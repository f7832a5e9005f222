-- Hosts that tenants have yet to prove theirs: several may claim the same. Moments are microseconds since 1970.
CREATE TABLE tenant_host_claims (
    tenant_id TEXT COLLATE "C" NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, host)
);

CREATE INDEX tenant_host_claims_by_try ON tenant_host_claims (status, next_try_at);

CREATE INDEX tenant_host_claims_by_end ON tenant_host_claims (expires_at);
