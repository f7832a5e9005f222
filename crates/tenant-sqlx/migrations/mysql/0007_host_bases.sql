-- Its one row is locked by whoever gives hosts to a tenant.
CREATE TABLE IF NOT EXISTS tenant_host_turns (
    id BIGINT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
) ENGINE = InnoDB;

INSERT IGNORE INTO tenant_host_turns (id, turns) VALUES (1, 0);

-- The host one label up, for a wildcard its base: whom a wildcard covers.
ALTER TABLE tenant_hosts
    ADD COLUMN base VARCHAR(253) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
        GENERATED ALWAYS AS (CASE WHEN LOCATE('.', host) > 0 THEN SUBSTRING(host, LOCATE('.', host) + 1) END) VIRTUAL,
    ADD INDEX tenant_hosts_by_base (base);
