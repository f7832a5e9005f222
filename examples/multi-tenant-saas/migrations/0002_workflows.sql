-- What a tenant has automated. How many there may be is the stock limit `workflows`.
CREATE TABLE workflows (
    tenant_id  TEXT NOT NULL COLLATE BINARY,
    id         TEXT NOT NULL COLLATE BINARY,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Lists are oldest first.
CREATE INDEX workflows_by_age ON workflows (tenant_id, created_at, id);

-- Runs of workflows; they go with their workflow.
CREATE TABLE executions (
    tenant_id    TEXT NOT NULL COLLATE BINARY,
    id           TEXT NOT NULL COLLATE BINARY,
    workflow_id  TEXT NOT NULL COLLATE BINARY,
    status       TEXT NOT NULL, -- running or completed
    outcome      TEXT,          -- once completed: finished or interrupted
    duration_ms  INTEGER NOT NULL,
    created_at   TEXT NOT NULL,
    completed_at TEXT,
    ends_at_us   INTEGER NOT NULL, -- when it is to be done: microseconds since 1970
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, workflow_id) REFERENCES workflows (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX executions_by_workflow ON executions (tenant_id, workflow_id);
