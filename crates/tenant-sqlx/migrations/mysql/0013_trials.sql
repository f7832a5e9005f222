-- When the trial of its plan ends; nothing where it tries none.
ALTER TABLE tenants ADD COLUMN trial_ends_at VARCHAR(40);
