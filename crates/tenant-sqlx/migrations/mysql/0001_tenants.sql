-- The contract's columns first; every other one has a default, so that a row of those alone is a tenant.
CREATE TABLE IF NOT EXISTS tenants (
    id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    quota_requests_per_minute BIGINT,
    quota_tokens_per_minute BIGINT,
    allowed_models LONGTEXT NOT NULL DEFAULT ('[]'),
    allowed_tools LONGTEXT NOT NULL DEFAULT ('[]'),
    metadata LONGTEXT NOT NULL DEFAULT ('{}'),
    created_at VARCHAR(40) NOT NULL DEFAULT (date_format(utc_timestamp(6), '%Y-%m-%dT%H:%i:%s.%fZ')),
    updated_at VARCHAR(40) NOT NULL DEFAULT (date_format(utc_timestamp(6), '%Y-%m-%dT%H:%i:%s.%fZ')),
    name TEXT,
    status VARCHAR(20) NOT NULL DEFAULT 'active',
    plan VARCHAR(64),
    allowed_methods LONGTEXT NOT NULL DEFAULT ('[]'),
    allowed_paths LONGTEXT NOT NULL DEFAULT ('[]'),
    hosts LONGTEXT NOT NULL DEFAULT ('[]'),
    features LONGTEXT NOT NULL DEFAULT ('{}'),
    branding LONGTEXT NOT NULL DEFAULT ('{}'),
    limits LONGTEXT NOT NULL DEFAULT ('{}'),
    database_key TEXT,
    revision BIGINT NOT NULL DEFAULT 1,
    -- Keeps the order of creation; the clock may step back.
    position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A host belongs to one tenant.
CREATE TABLE IF NOT EXISTS tenant_hosts (
    host VARCHAR(253) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    INDEX tenant_hosts_by_tenant (tenant_id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
