-- Where tenants want to be told of what happens in them. Moments are microseconds since 1970; secrets are there to be read, or
-- nothing could be signed with them.
CREATE TABLE tenant_webhooks (
    tenant_id TEXT COLLATE "C" NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    secret TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, webhook_id)
);

-- Of what; '*' is all.
CREATE TABLE tenant_webhook_events (
    tenant_id TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, event, webhook_id)
);

-- What happened, as it is told.
CREATE TABLE tenant_outbox (
    tenant_id TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);

CREATE INDEX tenant_outbox_by_age ON tenant_outbox (created_at);

-- Whom it is still to be told. Who tells it moves the next try behind the time that it takes.
CREATE TABLE tenant_deliveries (
    tenant_id TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    tries BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, event_id, webhook_id)
);

CREATE INDEX tenant_deliveries_by_try ON tenant_deliveries (tenant_id, next_try_at);

CREATE INDEX tenant_deliveries_by_webhook ON tenant_deliveries (tenant_id, webhook_id, next_try_at);
