-- One row for each tenant and dimension: who creates waits for it. Configs may be kept elsewhere.
CREATE TABLE IF NOT EXISTS tenant_stocks (
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    dimension VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    turns BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, dimension)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
