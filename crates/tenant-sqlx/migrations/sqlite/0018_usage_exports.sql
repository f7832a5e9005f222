-- What somebody else was told of usage, by day: `told` was taken, `amount` is on its way and written down before it is told.
CREATE TABLE tenant_usage_exports (
    tenant_id TEXT NOT NULL,
    exporter TEXT NOT NULL,
    measure TEXT NOT NULL,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    day INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    told TEXT NOT NULL,
    parts INTEGER NOT NULL,
    amount TEXT,
    identifier TEXT,
    receiver TEXT,
    doubtful_since INTEGER,
    tries INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    due_at INTEGER,
    PRIMARY KEY (tenant_id, exporter, measure, project, kind, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_usage_exports_by_due ON tenant_usage_exports (exporter, due_at, tenant_id);

CREATE INDEX tenant_usage_exports_by_day ON tenant_usage_exports (day);
