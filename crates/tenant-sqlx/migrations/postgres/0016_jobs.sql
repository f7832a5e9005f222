-- What takes long and is done once. Moments are microseconds since 1970; who claimed it last has the highest fence.
CREATE TABLE tenant_jobs (
    job_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    checkpoint TEXT NOT NULL,
    result TEXT,
    failure TEXT,
    fence BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX tenant_jobs_by_status ON tenant_jobs (status, created_at, job_id);

CREATE INDEX tenant_jobs_by_tenant ON tenant_jobs (tenant_id, created_at, job_id);

-- One row, which who adds or claims a job holds until that is committed.
CREATE TABLE tenant_job_turns (
    id BIGINT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
);

INSERT INTO tenant_job_turns (id, turns) VALUES (1, 0);
