-- What a tenant has set by name, as JSON; nothing where it is null.
ALTER TABLE tenants ADD COLUMN settings TEXT;
