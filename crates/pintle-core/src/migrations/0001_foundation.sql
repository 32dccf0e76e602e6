-- Owners are personal accounts and teams alike, so every key that names an owner is uniform.
CREATE TABLE owners (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  slug TEXT NOT NULL,
  email TEXT,
  -- What members are searched by: name, username and e-mail address in lower case.
  search TEXT,
  -- Always a team that the user is a member of.
  default_team_id TEXT REFERENCES owners (id) ON DELETE SET NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX owners_slug_key ON owners (slug);
CREATE UNIQUE INDEX owners_email_key ON owners (email);
CREATE INDEX owners_default_team_id_idx ON owners (default_team_id);

CREATE TABLE members (
  team_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX members_team_id_user_id_key ON members (team_id, user_id);
CREATE INDEX members_user_id_idx ON members (user_id, created_at);

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  password BYTEA,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX projects_owner_id_name_key ON projects (owner_id, name);
CREATE INDEX projects_owner_id_updated_at_idx ON projects (owner_id, updated_at, id);

CREATE TABLE project_members (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX project_members_project_id_user_id_key ON project_members (project_id, user_id);
CREATE INDEX project_members_user_id_idx ON project_members (user_id);

-- An integration is an app; its owner is the team that develops it.
CREATE TABLE integrations (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  client_secret BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX integrations_slug_key ON integrations (slug);
CREATE INDEX integrations_owner_id_idx ON integrations (owner_id, created_at, id);

-- A configuration is an installation of an integration. What it attached refers to it with ON DELETE CASCADE.
CREATE TABLE configurations (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  integration_id TEXT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  installation_type TEXT NOT NULL,
  scopes TEXT NOT NULL,
  selected BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX configurations_owner_id_integration_id_installation_type_key
  ON configurations (owner_id, integration_id, installation_type);
CREATE INDEX configurations_integration_id_idx ON configurations (integration_id);
CREATE INDEX configurations_user_id_idx ON configurations (user_id);
CREATE INDEX configurations_disabled_at_idx ON configurations (disabled_at);

-- The projects that a configuration with selected = 1 may reach.
CREATE TABLE configuration_projects (
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX configuration_projects_configuration_id_project_id_key
  ON configuration_projects (configuration_id, project_id);
CREATE INDEX configuration_projects_project_id_idx ON configuration_projects (project_id);

-- Tokens are found by their hash, which is also their public id. A token with a configuration is that installation's.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  team_id TEXT REFERENCES owners (id) ON DELETE CASCADE,
  configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  active_at BIGINT NOT NULL,
  expires_at BIGINT,
  rate_limit BIGINT,
  doc TEXT NOT NULL
);
CREATE INDEX tokens_user_id_idx ON tokens (user_id, created_at, id);
CREATE INDEX tokens_team_id_idx ON tokens (team_id);
CREATE INDEX tokens_configuration_id_idx ON tokens (configuration_id);

-- Authorization codes, by their hash: 30 minutes, once.
CREATE TABLE codes (
  id TEXT PRIMARY KEY,
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  redirect_uri TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX codes_configuration_id_idx ON codes (configuration_id);
CREATE INDEX codes_expires_at_idx ON codes (expires_at);

CREATE TABLE envs (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  -- One more than that of the variable before it in the project, in the order of created_at: so the newest one's is never less
  -- than how many there are.
  number BIGINT NOT NULL,
  value BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX envs_owner_id_idx ON envs (owner_id);
CREATE INDEX envs_project_id_idx ON envs (project_id, created_at, id);
CREATE INDEX envs_configuration_id_idx ON envs (configuration_id);

-- One row for each target or custom environment of a variable: the unique index is the conflict rule, and its beginning tells how
-- many variables an environment has.
CREATE TABLE env_targets (
  env_id TEXT NOT NULL REFERENCES envs (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  target TEXT NOT NULL,
  git_branch TEXT NOT NULL
);
CREATE UNIQUE INDEX env_targets_project_id_target_key_git_branch_key
  ON env_targets (project_id, target, key, git_branch);
CREATE INDEX env_targets_env_id_idx ON env_targets (env_id);

CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  secret BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX webhooks_owner_id_idx ON webhooks (owner_id, created_at, id);
CREATE INDEX webhooks_configuration_id_idx ON webhooks (configuration_id);

-- Log drains and drains: three APIs, one store.
CREATE TABLE drains (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  secret BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX drains_owner_id_idx ON drains (owner_id, created_at, id);
CREATE INDEX drains_configuration_id_idx ON drains (configuration_id);

-- What happened: the audit log, and the outbox of webhook events (hook and payload set). History has no foreign keys: it
-- outlives what it speaks of. targets holds, sealed, the receivers that must be told although their subscription is gone. The key is
-- in the order of reading and, nearly, of writing: every change adds an event, which an index by random ids would slow down.
CREATE TABLE events (
  id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  principal_id TEXT NOT NULL,
  type TEXT NOT NULL,
  project_id TEXT,
  created_at BIGINT NOT NULL,
  hook TEXT,
  targets BYTEA,
  doc TEXT NOT NULL,
  PRIMARY KEY (owner_id, created_at, id)
);

-- A receipt for every configuration that was removed.
CREATE TABLE removals (
  configuration_id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX removals_owner_id_idx ON removals (owner_id, created_at, configuration_id);

-- The wrapped data key; sealed, where the demo workspace is.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);
