-- Environments of a project beside production, preview and development. A variable names them by their id, as a target.
CREATE TABLE custom_environments (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX custom_environments_project_id_slug_key ON custom_environments (project_id, slug);

-- Variables of an owner, which projects get by a link.
CREATE TABLE shared_envs (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  value BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX shared_envs_owner_id_idx ON shared_envs (owner_id, created_at, id);

-- One row for each target, and one named `custom` for all custom environments: the unique index is the conflict rule, and its
-- beginning tells how many variables an environment has.
CREATE TABLE shared_env_targets (
  env_id TEXT NOT NULL REFERENCES shared_envs (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  target TEXT NOT NULL,
  key TEXT NOT NULL
);
CREATE UNIQUE INDEX shared_env_targets_owner_id_target_key_key ON shared_env_targets (owner_id, target, key);
CREATE INDEX shared_env_targets_env_id_idx ON shared_env_targets (env_id, target);

CREATE TABLE shared_env_projects (
  env_id TEXT NOT NULL REFERENCES shared_envs (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX shared_env_projects_env_id_project_id_key ON shared_env_projects (env_id, project_id);
CREATE INDEX shared_env_projects_project_id_idx ON shared_env_projects (project_id, env_id);
