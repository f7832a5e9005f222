-- A page of members is read in its order, whatever it is looked for by. InnoDB keeps the key behind each index: that of the projects
-- of invitations has it in its order already.
ALTER TABLE tenant_memberships ADD INDEX tenant_memberships_by_role (tenant_id, role, person_id);
