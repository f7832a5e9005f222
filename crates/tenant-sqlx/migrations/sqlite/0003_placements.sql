-- Where a tenant's rows live, as JSON; in these tables where it is null.
ALTER TABLE tenants ADD COLUMN placement TEXT;
