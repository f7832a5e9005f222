-- A page of members is read in its order, whatever it is looked for by.
CREATE INDEX tenant_memberships_by_role ON tenant_memberships (tenant_id, role, person_id);

DROP INDEX tenant_invitation_projects_by_project;

CREATE INDEX tenant_invitation_projects_by_project ON tenant_invitation_projects (tenant_id, project_id, invitation_id);
