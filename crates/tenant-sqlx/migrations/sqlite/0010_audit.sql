-- Who did what. Each entry seals the one before; moments are microseconds since 1970, digests are hexadecimal.
CREATE TABLE tenant_audit (
    number INTEGER NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL,
    tenant_id TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT,
    outcome TEXT NOT NULL,
    request_id TEXT,
    digest TEXT NOT NULL
) STRICT;

CREATE INDEX tenant_audit_by_tenant ON tenant_audit (tenant_id, number);

-- One row, which who appends or forgets holds until that is committed.
CREATE TABLE tenant_audit_ends (
    id INTEGER NOT NULL PRIMARY KEY,
    forgotten_number INTEGER NOT NULL,
    forgotten_digest TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    last_digest TEXT NOT NULL
) STRICT;

INSERT INTO tenant_audit_ends (id, forgotten_number, forgotten_digest, last_number, last_digest) VALUES (
    1,
    0, '0000000000000000000000000000000000000000000000000000000000000000',
    0, '0000000000000000000000000000000000000000000000000000000000000000'
);
