-- The contract's columns first; every other one has a default, so that a row of those alone is a tenant.
CREATE TABLE tenants (
    id TEXT NOT NULL COLLATE BINARY UNIQUE,
    quota_requests_per_minute INTEGER,
    quota_tokens_per_minute INTEGER,
    allowed_models TEXT NOT NULL DEFAULT '[]',
    allowed_tools TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
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
    revision INTEGER NOT NULL DEFAULT 1,
    -- Keeps the order of creation; the clock may step back.
    position INTEGER PRIMARY KEY
);

-- A host belongs to one tenant.
CREATE TABLE tenant_hosts (
    host TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
    tenant_id TEXT NOT NULL COLLATE BINARY REFERENCES tenants (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX tenant_hosts_by_tenant ON tenant_hosts (tenant_id);
