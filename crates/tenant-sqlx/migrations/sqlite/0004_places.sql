-- What is known of each place where tenants live. The books of the place itself are right where they say otherwise.
CREATE TABLE tenant_places (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    fingerprint TEXT,
    state TEXT NOT NULL,
    attempted_at TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
