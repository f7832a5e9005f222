-- Second factors of people, one row for each who has begun with one. Moments are microseconds since 1970, steps are of 30
-- seconds since then, digests are hexadecimal.
CREATE TABLE tenant_second_factors (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES tenant_people (person_id) ON DELETE CASCADE,
    factor_id TEXT,
    secret TEXT,
    last_step INTEGER,
    pending_id TEXT,
    pending_secret TEXT,
    pending_until INTEGER,
    -- The moment until which tries were taken ahead.
    tries_until INTEGER NOT NULL
) STRICT;

CREATE TABLE tenant_recovery_codes (
    person_id TEXT NOT NULL REFERENCES tenant_people (person_id) ON DELETE CASCADE,
    factor_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (person_id, factor_id, digest)
) STRICT;

-- Whether who signed in has shown a second factor.
ALTER TABLE tenant_sessions ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0;
