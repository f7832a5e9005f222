-- Second factors of people, one row for each who has begun with one. Moments are microseconds since 1970, steps are of 30
-- seconds since then, digests are hexadecimal.
CREATE TABLE IF NOT EXISTS tenant_second_factors (
    person_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    factor_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    secret LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    last_step BIGINT,
    pending_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    pending_secret LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    pending_until BIGINT,
    -- The moment until which tries were taken ahead.
    tries_until BIGINT NOT NULL,
    FOREIGN KEY (person_id) REFERENCES tenant_people (person_id) ON DELETE CASCADE
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS tenant_recovery_codes (
    person_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    factor_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    digest VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (person_id, factor_id, digest),
    FOREIGN KEY (person_id) REFERENCES tenant_people (person_id) ON DELETE CASCADE
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Whether who signed in has shown a second factor. Last: what is before it may run again.
ALTER TABLE tenant_sessions ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;
