-- Who did what. Each entry seals the one before; moments are microseconds since 1970, digests are hexadecimal.
CREATE TABLE IF NOT EXISTS tenant_audit (
    number BIGINT NOT NULL PRIMARY KEY,
    event_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    time BIGINT NOT NULL,
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    actor VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    action VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    resource_type VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    resource_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    outcome VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    request_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    digest VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    INDEX tenant_audit_by_tenant (tenant_id, number)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row, which who appends or forgets holds until that is committed.
CREATE TABLE IF NOT EXISTS tenant_audit_ends (
    id BIGINT NOT NULL PRIMARY KEY,
    forgotten_number BIGINT NOT NULL,
    forgotten_digest VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    last_number BIGINT NOT NULL,
    last_digest VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO tenant_audit_ends (id, forgotten_number, forgotten_digest, last_number, last_digest) VALUES (
    1,
    0, '0000000000000000000000000000000000000000000000000000000000000000',
    0, '0000000000000000000000000000000000000000000000000000000000000000'
);
