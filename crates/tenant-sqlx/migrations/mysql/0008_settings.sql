-- What a tenant has set by name, as JSON; nothing where it is null.
ALTER TABLE tenants ADD COLUMN settings LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
