-- What somebody else was told of usage, by day: `told` was taken, `amount` is on its way and written down before it is told.
CREATE TABLE tenant_usage_exports (
    tenant_id TEXT COLLATE "C" NOT NULL,
    exporter TEXT COLLATE "C" NOT NULL,
    measure TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    told TEXT COLLATE "C" NOT NULL,
    parts BIGINT NOT NULL,
    amount TEXT COLLATE "C",
    identifier TEXT COLLATE "C",
    receiver TEXT COLLATE "C",
    doubtful_since BIGINT,
    tries BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    due_at BIGINT,
    PRIMARY KEY (tenant_id, exporter, measure, project, kind, day)
);

CREATE INDEX tenant_usage_exports_by_due ON tenant_usage_exports (exporter, due_at, tenant_id);

CREATE INDEX tenant_usage_exports_by_day ON tenant_usage_exports (day);
