-- What tenants used, and said as which key; moments are microseconds since 1970, days are days.
CREATE TABLE tenant_usage (
    tenant_id TEXT NOT NULL,
    time INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    record_key TEXT NOT NULL,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    measure TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (tenant_id, time, record_id),
    UNIQUE (tenant_id, record_key)
) STRICT, WITHOUT ROWID;

-- What they came to: amounts are high * 10^18 + low.
CREATE TABLE tenant_usage_days (
    tenant_id TEXT NOT NULL,
    measure TEXT NOT NULL,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    day INTEGER NOT NULL,
    records INTEGER NOT NULL,
    amount_high INTEGER NOT NULL,
    amount_low INTEGER NOT NULL,
    first_at INTEGER,
    last_at INTEGER,
    last_level INTEGER,
    peak INTEGER,
    PRIMARY KEY (tenant_id, measure, project, kind, day)
) STRICT, WITHOUT ROWID;

-- Each change of a level, so that one that comes late finds its neighbours.
CREATE TABLE tenant_usage_levels (
    tenant_id TEXT NOT NULL,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    place INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, project, kind, time, place)
) STRICT, WITHOUT ROWID;
