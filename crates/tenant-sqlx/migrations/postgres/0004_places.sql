-- What is known of each place where tenants live. The books of the place itself are right where they say otherwise.
CREATE TABLE tenant_places (
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C",
    state TEXT NOT NULL,
    attempted_at TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (kind, name)
);
