-- What tenants used, and said as which key; moments are microseconds since 1970, days are days.
CREATE TABLE IF NOT EXISTS tenant_usage (
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    time BIGINT NOT NULL,
    record_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    record_key VARCHAR(257) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    project VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    measure VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    quantity BIGINT NOT NULL,
    metadata TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (tenant_id, time, record_id),
    UNIQUE (tenant_id, record_key)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What they came to: amounts are high * 10^18 + low.
CREATE TABLE IF NOT EXISTS tenant_usage_days (
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    measure VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    project VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    day BIGINT NOT NULL,
    records BIGINT NOT NULL,
    amount_high BIGINT NOT NULL,
    amount_low BIGINT NOT NULL,
    first_at BIGINT,
    last_at BIGINT,
    last_level BIGINT,
    peak BIGINT,
    PRIMARY KEY (tenant_id, measure, project, kind, day)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Each change of a level, so that one that comes late finds its neighbours.
CREATE TABLE IF NOT EXISTS tenant_usage_levels (
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    project VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    time BIGINT NOT NULL,
    place BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, project, kind, time, place)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
