-- The host one label up, for a wildcard its base: whom a wildcard covers.
ALTER TABLE tenant_hosts ADD COLUMN base TEXT COLLATE BINARY
    GENERATED ALWAYS AS (CASE WHEN instr(host, '.') > 0 THEN substr(host, instr(host, '.') + 1) END) VIRTUAL;

CREATE INDEX tenant_hosts_by_base ON tenant_hosts (base);

-- Its one row is locked by whoever gives hosts to a tenant.
CREATE TABLE tenant_host_turns (
    id INTEGER NOT NULL PRIMARY KEY,
    turns INTEGER NOT NULL
);

INSERT INTO tenant_host_turns (id, turns) VALUES (1, 0);
