-- One row for each tenant and dimension: who creates waits for it. Configs may be kept elsewhere.
CREATE TABLE IF NOT EXISTS tenant_stocks (
    tenant_id TEXT NOT NULL,
    dimension TEXT NOT NULL,
    turns INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, dimension)
) STRICT, WITHOUT ROWID;
