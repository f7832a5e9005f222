-- Where tenants want to be told of what happens in them. Moments are microseconds since 1970; secrets are there to be read, or
-- nothing could be signed with them.
CREATE TABLE tenant_webhooks (
    tenant_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, webhook_id)
) STRICT, WITHOUT ROWID;

-- Of what; '*' is all.
CREATE TABLE tenant_webhook_events (
    tenant_id TEXT NOT NULL,
    event TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, event, webhook_id)
) STRICT, WITHOUT ROWID;

-- What happened, as it is told.
CREATE TABLE tenant_outbox (
    tenant_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
) STRICT;

CREATE INDEX tenant_outbox_by_age ON tenant_outbox (created_at);

-- Whom it is still to be told. Who tells it moves the next try behind the time that it takes.
CREATE TABLE tenant_deliveries (
    tenant_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, event_id, webhook_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_deliveries_by_try ON tenant_deliveries (tenant_id, next_try_at);

CREATE INDEX tenant_deliveries_by_webhook ON tenant_deliveries (tenant_id, webhook_id, next_try_at);
