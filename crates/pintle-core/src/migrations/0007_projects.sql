-- Domains of projects. A name is verified in one project at most, whoever else would like to have it.
CREATE TABLE project_domains (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  verified BIGINT NOT NULL,
  redirect TEXT,
  git_branch TEXT,
  custom_environment_id TEXT REFERENCES custom_environments (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX project_domains_name_key ON project_domains (name) WHERE verified = 1;
CREATE UNIQUE INDEX project_domains_project_id_name_key ON project_domains (project_id, name);
CREATE INDEX project_domains_project_id_created_at_idx ON project_domains (project_id, created_at);
CREATE INDEX project_domains_owner_id_idx ON project_domains (owner_id, name);
CREATE INDEX project_domains_custom_environment_id_idx ON project_domains (custom_environment_id);

-- Secrets with which automation passes a project's protection, found by the hash of project and secret.
CREATE TABLE protection_bypasses (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  secret BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX protection_bypasses_project_id_idx ON protection_bypasses (project_id, created_at, id);
CREATE INDEX protection_bypasses_configuration_id_idx ON protection_bypasses (configuration_id);

-- Client certificates of projects, with their keys sealed.
CREATE TABLE client_certs (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  key BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX client_certs_project_id_origin_key ON client_certs (project_id, origin);

-- Projects on offer to another team, by the hash of the code that takes them.
CREATE TABLE project_transfers (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  -- Who is told that it was taken, and with which secret that is signed.
  callback_url TEXT,
  callback_secret BYTEA,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX project_transfers_project_id_idx ON project_transfers (project_id);
CREATE INDEX project_transfers_expires_at_idx ON project_transfers (expires_at);
