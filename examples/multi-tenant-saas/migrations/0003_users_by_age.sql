-- Lists are oldest first: without this each page would sort all of the tenant's users.
CREATE INDEX users_by_age ON users (tenant_id, created_at, id);
