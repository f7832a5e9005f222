-- The host one label up, for a wildcard its base: whom a wildcard covers.
ALTER TABLE tenant_hosts ADD COLUMN base TEXT COLLATE "C"
    GENERATED ALWAYS AS (CASE WHEN strpos(host, '.') > 0 THEN substr(host, strpos(host, '.') + 1) END) STORED;

CREATE INDEX tenant_hosts_by_base ON tenant_hosts (base);

-- Its one row is locked by whoever gives hosts to a tenant.
CREATE TABLE tenant_host_turns (
    id BIGINT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
);

INSERT INTO tenant_host_turns (id, turns) VALUES (1, 0);
