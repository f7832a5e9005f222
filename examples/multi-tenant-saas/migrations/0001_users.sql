-- The tenant's own users: customer data, not people who sign in to the operator.
CREATE TABLE users (
    tenant_id  TEXT NOT NULL COLLATE BINARY,
    id         TEXT NOT NULL COLLATE BINARY,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL, -- the address in lower case: unique within the tenant, and only there
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email_key)
);

-- Requests, summed up by status.
CREATE TABLE request_totals (
    tenant_id    TEXT NOT NULL COLLATE BINARY,
    status_code  INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    duration_us  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, status_code)
);

-- The latest requests of each tenant; older ones are dropped as new ones come.
CREATE TABLE recent_requests (
    tenant_id   TEXT NOT NULL COLLATE BINARY,
    number      INTEGER NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    status_code INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
