-- What takes long and is done once. Moments are microseconds since 1970; who claimed it last has the highest fence.
CREATE TABLE IF NOT EXISTS tenant_jobs (
    job_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    source VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    kind VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    status VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    checkpoint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    result MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    failure TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    fence BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    INDEX tenant_jobs_by_status (status, created_at, job_id),
    INDEX tenant_jobs_by_tenant (tenant_id, created_at, job_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row, which who adds or claims a job holds until that is committed.
CREATE TABLE IF NOT EXISTS tenant_job_turns (
    id BIGINT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
) ENGINE = InnoDB;

INSERT IGNORE INTO tenant_job_turns (id, turns) VALUES (1, 0);
