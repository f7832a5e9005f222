-- What takes long and is done once. Moments are microseconds since 1970; who claimed it last has the highest fence.
CREATE TABLE tenant_jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    source TEXT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    checkpoint TEXT NOT NULL,
    result TEXT,
    failure TEXT,
    fence INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tenant_jobs_by_status ON tenant_jobs (status, created_at, job_id);

CREATE INDEX tenant_jobs_by_tenant ON tenant_jobs (tenant_id, created_at, job_id);

-- One row, which who adds or claims a job holds until that is committed.
CREATE TABLE tenant_job_turns (
    id INTEGER NOT NULL PRIMARY KEY,
    turns INTEGER NOT NULL
) STRICT;

INSERT INTO tenant_job_turns (id, turns) VALUES (1, 0);
