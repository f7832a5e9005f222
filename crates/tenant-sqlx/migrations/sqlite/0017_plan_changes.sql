-- What becomes of its limits by themselves: the plan that comes next and more for a while, as JSON; nothing where they are null.
ALTER TABLE tenants ADD COLUMN next_plan TEXT;
ALTER TABLE tenants ADD COLUMN boosts TEXT;
-- When a trial ends or the next plan begins, in microseconds since 1970, for who looks for those that are due.
ALTER TABLE tenants ADD COLUMN due_at BIGINT;
CREATE INDEX tenants_by_due ON tenants (due_at, id);
UPDATE tenants SET due_at = CAST(strftime('%s', trial_ends_at) AS INTEGER) * 1000000
    WHERE trial_ends_at IS NOT NULL AND status <> 'deleted';
