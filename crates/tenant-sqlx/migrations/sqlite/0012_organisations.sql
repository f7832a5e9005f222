-- Who is invited, and what an organisation's members work on. Moments are microseconds since 1970, digests are hexadecimal.
CREATE TABLE tenant_invitations (
    tenant_id TEXT NOT NULL,
    invitation_id TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER,
    PRIMARY KEY (tenant_id, invitation_id),
    UNIQUE (tenant_id, digest)
) STRICT;

CREATE INDEX tenant_invitations_by_email ON tenant_invitations (tenant_id, email);

CREATE TABLE tenant_projects (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    kind TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, project_id),
    UNIQUE (tenant_id, slug)
) STRICT;

-- The team of a project, and the projects of a member.
CREATE TABLE tenant_project_members (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (tenant_id, project_id, person_id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES tenant_projects (tenant_id, project_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, person_id) REFERENCES tenant_memberships (tenant_id, person_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX tenant_project_members_by_person ON tenant_project_members (tenant_id, person_id);

CREATE TABLE tenant_invitation_projects (
    tenant_id TEXT NOT NULL,
    invitation_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, invitation_id, project_id),
    FOREIGN KEY (tenant_id, invitation_id) REFERENCES tenant_invitations (tenant_id, invitation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, project_id) REFERENCES tenant_projects (tenant_id, project_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX tenant_invitation_projects_by_project ON tenant_invitation_projects (tenant_id, project_id);

-- What somebody told one organisation of themselves.
CREATE TABLE tenant_member_profiles (
    tenant_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    username TEXT,
    PRIMARY KEY (tenant_id, person_id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES tenant_memberships (tenant_id, person_id) ON DELETE CASCADE
) STRICT;
