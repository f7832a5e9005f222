-- What tenants used, and said as which key; moments are microseconds since 1970, days are days.
CREATE TABLE tenant_usage (
    tenant_id TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    record_key TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    measure TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (tenant_id, time, record_id),
    UNIQUE (tenant_id, record_key)
);

-- What they came to: amounts are high * 10^18 + low.
CREATE TABLE tenant_usage_days (
    tenant_id TEXT COLLATE "C" NOT NULL,
    measure TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    records BIGINT NOT NULL,
    amount_high BIGINT NOT NULL,
    amount_low BIGINT NOT NULL,
    first_at BIGINT,
    last_at BIGINT,
    last_level BIGINT,
    peak BIGINT,
    PRIMARY KEY (tenant_id, measure, project, kind, day)
);

-- Each change of a level, so that one that comes late finds its neighbours.
CREATE TABLE tenant_usage_levels (
    tenant_id TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    place BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, project, kind, time, place)
);
