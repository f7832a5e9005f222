-- Second factors of people, one row for each who has begun with one. Moments are microseconds since 1970, steps are of 30
-- seconds since then, digests are hexadecimal.
CREATE TABLE tenant_second_factors (
    person_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenant_people (person_id) ON DELETE CASCADE,
    factor_id TEXT COLLATE "C",
    secret TEXT,
    last_step BIGINT,
    pending_id TEXT COLLATE "C",
    pending_secret TEXT,
    pending_until BIGINT,
    -- The moment until which tries were taken ahead.
    tries_until BIGINT NOT NULL
);

CREATE TABLE tenant_recovery_codes (
    person_id TEXT COLLATE "C" NOT NULL REFERENCES tenant_people (person_id) ON DELETE CASCADE,
    factor_id TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (person_id, factor_id, digest)
);

-- Whether who signed in has shown a second factor.
ALTER TABLE tenant_sessions ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;
