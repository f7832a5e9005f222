-- Where a tenant's rows live, as JSON; in these tables where it is null.
ALTER TABLE tenants ADD COLUMN placement VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
