-- Who did what. Each entry seals the one before; moments are microseconds since 1970, digests are hexadecimal.
CREATE TABLE tenant_audit (
    number BIGINT NOT NULL PRIMARY KEY,
    event_id TEXT COLLATE "C" NOT NULL UNIQUE,
    time BIGINT NOT NULL,
    tenant_id TEXT COLLATE "C",
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C",
    outcome TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C",
    digest TEXT COLLATE "C" NOT NULL
);

CREATE INDEX tenant_audit_by_tenant ON tenant_audit (tenant_id, number);

-- One row, which who appends or forgets holds until that is committed.
CREATE TABLE tenant_audit_ends (
    id BIGINT NOT NULL PRIMARY KEY,
    forgotten_number BIGINT NOT NULL,
    forgotten_digest TEXT COLLATE "C" NOT NULL,
    last_number BIGINT NOT NULL,
    last_digest TEXT COLLATE "C" NOT NULL
);

INSERT INTO tenant_audit_ends (id, forgotten_number, forgotten_digest, last_number, last_digest) VALUES (
    1,
    0, '0000000000000000000000000000000000000000000000000000000000000000',
    0, '0000000000000000000000000000000000000000000000000000000000000000'
);
