-- What signs the tokens that Pintle shows to partners. The newest signs; all are in the JWKS until they retire.
CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  created_at BIGINT NOT NULL,
  -- When it leaves the JWKS; absent for the one that signs.
  retires_at BIGINT,
  -- PKCS #8 in base64, sealed for the key's id; absent once it signs no more.
  private BYTEA,
  -- The public key as a JWK.
  doc TEXT NOT NULL
);

-- What a native integration offers.
CREATE TABLE products (
  id TEXT PRIMARY KEY,
  integration_id TEXT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX products_integration_id_slug_key ON products (integration_id, slug);

-- The partner's side of a marketplace configuration: it has the configuration's id, and outlives it until the last invoice is settled.
-- No foreign key to the owner or the configuration, for that reason.
CREATE TABLE installations (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  integration_id TEXT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
  -- installing, active, closing or closed.
  state TEXT NOT NULL,
  -- While it is closing: when its window for final invoices ends.
  closes_at BIGINT,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX installations_owner_id_idx ON installations (owner_id, created_at, id);
CREATE INDEX installations_integration_id_idx ON installations (integration_id);
CREATE INDEX installations_closes_at_idx ON installations (closes_at);

-- The tokens of an installation that closes, by their hash: good for billing only.
CREATE TABLE closing_tokens (
  id TEXT PRIMARY KEY,
  installation_id TEXT NOT NULL REFERENCES installations (id) ON DELETE CASCADE
);
CREATE INDEX closing_tokens_installation_id_idx ON closing_tokens (installation_id);

-- What a partner provides: a database, a bucket. The wire calls it a store on the team's side, a resource on the partner's.
CREATE TABLE resources (
  id TEXT PRIMARY KEY,
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  product_id TEXT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  -- The partner's id of it; absent until the partner has answered.
  partner_id TEXT,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Its secrets as JSON, sealed for the resource's id; absent until there are any.
  secrets BYTEA,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX resources_configuration_id_partner_id_key ON resources (configuration_id, partner_id);
CREATE UNIQUE INDEX resources_owner_id_name_key ON resources (owner_id, name);
CREATE INDEX resources_product_id_idx ON resources (product_id);

-- A resource's variables in a project.
CREATE TABLE resource_connections (
  id TEXT PRIMARY KEY,
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX resource_connections_resource_id_project_id_key ON resource_connections (resource_id, project_id);
CREATE INDEX resource_connections_project_id_idx ON resource_connections (project_id);
CREATE INDEX resource_connections_configuration_id_idx ON resource_connections (configuration_id);

-- The connection that a variable belongs to.
ALTER TABLE envs ADD COLUMN connection_id TEXT REFERENCES resource_connections (id) ON DELETE CASCADE;
CREATE INDEX envs_connection_id_idx ON envs (connection_id);

-- Calls to partners: what a delivery of kind `partner` has beside it.
CREATE TABLE partner_calls (
  id TEXT PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
  -- What became of it, sealed for its id; absent while it is pending.
  outcome BYTEA,
  doc TEXT NOT NULL
);

-- What a partner tells of an action that it runs for a deployment of a connected project.
CREATE TABLE deployment_actions (
  id TEXT PRIMARY KEY,
  resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  deployment_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Secrets for this deployment only, as JSON, sealed for the row's id; absent until there are any.
  secrets BYTEA,
  doc TEXT NOT NULL
);
CREATE INDEX deployment_actions_resource_id_idx ON deployment_actions (resource_id);
CREATE INDEX deployment_actions_deployment_id_idx ON deployment_actions (deployment_id);

-- Which plan a resource, or the installation as a whole, was on and when: what its partner may bill. It outlives the resource.
CREATE TABLE plan_terms (
  installation_id TEXT NOT NULL REFERENCES installations (id) ON DELETE CASCADE,
  -- The partner's id of the resource; empty for the installation as a whole.
  resource TEXT NOT NULL,
  plan TEXT NOT NULL,
  -- prepayment or subscription.
  kind TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT
);
CREATE INDEX plan_terms_installation_id_idx ON plan_terms (installation_id, resource);

-- What a partner told of usage and of what that will cost: the newest of each day.
CREATE TABLE billing_data (
  installation_id TEXT NOT NULL REFERENCES installations (id) ON DELETE CASCADE,
  -- When the day ends.
  day BIGINT NOT NULL,
  -- By the partner's clock.
  told_at BIGINT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (installation_id, day)
);

-- No foreign key to the owner: what is to pay outlives the team.
CREATE TABLE invoices (
  id TEXT PRIMARY KEY,
  installation_id TEXT NOT NULL REFERENCES installations (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  -- The partner's id of it.
  external_id TEXT,
  state TEXT NOT NULL,
  -- 1 while it holds up the end of its installation.
  open BIGINT NOT NULL,
  -- When the clock moves it on; absent where only somebody can.
  due_at BIGINT,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX invoices_installation_id_external_id_key ON invoices (installation_id, external_id);
CREATE INDEX invoices_owner_id_idx ON invoices (owner_id, created_at, id);
CREATE INDEX invoices_due_at_idx ON invoices (due_at);
CREATE INDEX invoices_open_idx ON invoices (owner_id) WHERE open = 1;

-- What invoices are for: a resource is billed once for a plan and a time.
CREATE TABLE invoice_items (
  invoice_id TEXT NOT NULL REFERENCES invoices (id) ON DELETE CASCADE,
  installation_id TEXT NOT NULL REFERENCES installations (id) ON DELETE CASCADE,
  -- The partner's id; empty for the installation as a whole.
  resource TEXT NOT NULL,
  plan TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL
);
CREATE INDEX invoice_items_invoice_id_idx ON invoice_items (invoice_id);
CREATE INDEX invoice_items_installation_id_idx ON invoice_items (installation_id, resource, plan);

-- What is left of what was paid ahead, by the partner's id of the resource; an empty one is the installation's own.
CREATE TABLE balances (
  installation_id TEXT NOT NULL REFERENCES installations (id) ON DELETE CASCADE,
  resource TEXT NOT NULL,
  -- By the partner's clock.
  told_at BIGINT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (installation_id, resource)
);

-- When more is bought without asking.
CREATE TABLE thresholds (
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  resource TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (configuration_id, resource)
);

-- Users on their way to a partner, by the hash of their code.
CREATE TABLE sso_codes (
  id TEXT PRIMARY KEY,
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  -- Who it is, as JSON.
  actor TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sso_codes_configuration_id_idx ON sso_codes (configuration_id);
CREATE INDEX sso_codes_expires_at_idx ON sso_codes (expires_at);

-- What partners that experiment keep of a resource, by their ids of it.
CREATE TABLE experimentation_items (
  resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (resource_id, id)
);

CREATE TABLE edge_configs (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  -- The resource whose partner pushes it; absent: it is the owner's own.
  resource_id TEXT REFERENCES resources (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  -- One more with each change.
  version BIGINT NOT NULL,
  -- The hash of the items.
  digest TEXT NOT NULL,
  -- JSON: values by key.
  items TEXT NOT NULL
);
CREATE UNIQUE INDEX edge_configs_resource_id_key ON edge_configs (resource_id);
CREATE INDEX edge_configs_owner_id_idx ON edge_configs (owner_id, created_at, id);

-- Resources that a team offers to another one's installation of the same integration.
CREATE TABLE resource_transfers (
  id TEXT PRIMARY KEY,
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  -- The installation that accepts them, while the partner has not answered that.
  target_id TEXT REFERENCES configurations (id) ON DELETE SET NULL,
  -- The hash of the code that the other team has.
  code TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX resource_transfers_code_key ON resource_transfers (code);
CREATE INDEX resource_transfers_configuration_id_idx ON resource_transfers (configuration_id, created_at, id);
CREATE INDEX resource_transfers_target_id_idx ON resource_transfers (target_id);
CREATE INDEX resource_transfers_expires_at_idx ON resource_transfers (expires_at);
