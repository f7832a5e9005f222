-- The contract's columns first; every other one has a default, so that a row of those alone is a tenant.
CREATE TABLE tenants (
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    quota_requests_per_minute BIGINT,
    quota_tokens_per_minute BIGINT,
    allowed_models TEXT NOT NULL DEFAULT '[]',
    allowed_tools TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    updated_at TEXT NOT NULL DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    name TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    plan TEXT,
    allowed_methods TEXT NOT NULL DEFAULT '[]',
    allowed_paths TEXT NOT NULL DEFAULT '[]',
    hosts TEXT NOT NULL DEFAULT '[]',
    features TEXT NOT NULL DEFAULT '{}',
    branding TEXT NOT NULL DEFAULT '{}',
    limits TEXT NOT NULL DEFAULT '{}',
    database_key TEXT,
    revision BIGINT NOT NULL DEFAULT 1,
    -- Keeps the order of creation; the clock may step back.
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);

-- A host belongs to one tenant.
CREATE TABLE tenant_hosts (
    host TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX tenant_hosts_by_tenant ON tenant_hosts (tenant_id);
