-- What somebody else was told of usage, by day: `told` was taken, `amount` is on its way and written down before it is told.
CREATE TABLE IF NOT EXISTS tenant_usage_exports (
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    exporter VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    measure VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    project VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    day BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    told VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    parts BIGINT NOT NULL,
    amount VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    identifier VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    receiver VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    doubtful_since BIGINT,
    tries BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    due_at BIGINT,
    PRIMARY KEY (tenant_id, exporter, measure, project, kind, day),
    INDEX tenant_usage_exports_by_due (exporter, due_at, tenant_id),
    INDEX tenant_usage_exports_by_day (day)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
