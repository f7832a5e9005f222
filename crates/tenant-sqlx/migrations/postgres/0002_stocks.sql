-- One row for each tenant and dimension: who creates waits for it. Configs may be kept elsewhere.
CREATE TABLE IF NOT EXISTS tenant_stocks (
    tenant_id TEXT COLLATE "C" NOT NULL,
    dimension TEXT COLLATE "C" NOT NULL,
    turns BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, dimension)
);
