-- Whether a tenant's rows are on their way to another place.
ALTER TABLE tenants ADD COLUMN is_moving BIGINT NOT NULL DEFAULT 0;

-- From where to where, and where its statements run meanwhile.
CREATE TABLE tenant_moves (
    tenant_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    place TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
