-- Members of a team that were given roles in projects together.
CREATE TABLE access_groups (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_groups_team_id_name_key ON access_groups (team_id, name);
CREATE INDEX access_groups_team_id_idx ON access_groups (team_id, created_at, id);

CREATE TABLE access_group_members (
  group_id TEXT NOT NULL REFERENCES access_groups (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_group_members_group_id_user_id_key ON access_group_members (group_id, user_id);
CREATE INDEX access_group_members_group_id_idx ON access_group_members (group_id, created_at, user_id);
CREATE INDEX access_group_members_user_id_idx ON access_group_members (user_id);

CREATE TABLE access_group_projects (
  group_id TEXT NOT NULL REFERENCES access_groups (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_group_projects_group_id_project_id_key ON access_group_projects (group_id, project_id);
CREATE INDEX access_group_projects_group_id_idx ON access_group_projects (group_id, created_at, project_id);
CREATE INDEX access_group_projects_project_id_idx ON access_group_projects (project_id);

-- Every way to a role in a project, beside what the role in the team allows.
CREATE VIEW project_roles AS
  SELECT project_id, user_id, role FROM project_members
  UNION ALL
  SELECT p.project_id, m.user_id, p.role
  FROM access_group_projects p JOIN access_group_members m ON m.group_id = p.group_id;

-- Addresses are the same in any case.
CREATE INDEX owners_email_lower_idx ON owners (LOWER(email));

-- Who was invited by e-mail address and has not come yet.
CREATE TABLE team_invites (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  -- In lower case.
  email TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX team_invites_team_id_email_key ON team_invites (team_id, email);

-- Who asked to become a member and has not been answered.
CREATE TABLE access_requests (
  team_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX access_requests_team_id_user_id_key ON access_requests (team_id, user_id);
CREATE INDEX access_requests_user_id_idx ON access_requests (user_id);

-- Members, and those who asked to become one.
CREATE VIEW memberships AS
  SELECT team_id, user_id, created_at, role, permissions, doc, CAST(1 AS BIGINT) AS confirmed FROM members
  UNION ALL
  SELECT team_id, user_id, created_at, 'MEMBER', '', doc, CAST(0 AS BIGINT) FROM access_requests;

-- A receipt for every team and every account that was deleted. No foreign keys: it outlives what it speaks of.
CREATE TABLE deletions (
  -- The team or the account.
  id TEXT PRIMARY KEY,
  -- The account whose bearer may read it: whoever deleted the team.
  reader_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX deletions_reader_id_idx ON deletions (reader_id, created_at, id);
