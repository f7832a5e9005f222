-- What proves who is calling. Moments are microseconds since 1970, those of revocations nanoseconds; digests are hexadecimal.
CREATE TABLE tenant_api_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    project TEXT,
    rate_limit INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE INDEX tenant_api_keys_by_tenant ON tenant_api_keys (tenant_id, created_at, key_id);

CREATE TABLE tenant_sessions (
    digest TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tenant_sessions_by_subject ON tenant_sessions (tenant_id, subject);

CREATE INDEX tenant_sessions_by_end ON tenant_sessions (expires_at);

-- Somebody exists once, whatever they belong to.
CREATE TABLE tenant_people (
    person_id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tenant_memberships (
    tenant_id TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES tenant_people (person_id),
    role TEXT NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
) STRICT;

CREATE INDEX tenant_memberships_by_person ON tenant_memberships (person_id);

CREATE TABLE tenant_token_revocations (
    number INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    until INTEGER,
    forget_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tenant_token_revocations_by_end ON tenant_token_revocations (forget_at);

-- One row, which who revokes holds until that is committed: numbers become visible in their order.
CREATE TABLE tenant_token_revocation_turns (
    id INTEGER NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

INSERT INTO tenant_token_revocation_turns (id, last) VALUES (1, 0);
