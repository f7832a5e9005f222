-- What proves who is calling. Moments are microseconds since 1970, those of revocations nanoseconds; digests are hexadecimal.
CREATE TABLE tenant_api_keys (
    key_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    scopes TEXT NOT NULL,
    project TEXT COLLATE "C",
    rate_limit BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);

CREATE INDEX tenant_api_keys_by_tenant ON tenant_api_keys (tenant_id, created_at, key_id);

CREATE TABLE tenant_sessions (
    digest TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX tenant_sessions_by_subject ON tenant_sessions (tenant_id, subject);

CREATE INDEX tenant_sessions_by_end ON tenant_sessions (expires_at);

-- Somebody exists once, whatever they belong to.
CREATE TABLE tenant_people (
    person_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE tenant_memberships (
    tenant_id TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL REFERENCES tenant_people (person_id),
    role TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
);

CREATE INDEX tenant_memberships_by_person ON tenant_memberships (person_id);

CREATE TABLE tenant_token_revocations (
    number BIGINT NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    until BIGINT,
    forget_at BIGINT NOT NULL
);

CREATE INDEX tenant_token_revocations_by_end ON tenant_token_revocations (forget_at);

-- One row, which who revokes holds until that is committed: numbers become visible in their order.
CREATE TABLE tenant_token_revocation_turns (
    id BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

INSERT INTO tenant_token_revocation_turns (id, last) VALUES (1, 0);
