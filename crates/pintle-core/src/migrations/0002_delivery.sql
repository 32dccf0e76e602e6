-- What is sent, or was: one row for each event and target, or for each piece of a drain's stream. History has no foreign keys.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  -- webhook, drain or listener.
  kind TEXT NOT NULL,
  -- What it is sent for: the webhook, the integration whose URL it is, or the drain or listener. Each has a lane of its own.
  source_id TEXT NOT NULL,
  configuration_id TEXT,
  -- pending, delivered, failed or canceled.
  state TEXT NOT NULL,
  -- When it is tried next, while it is pending. On PostgreSQL whoever tries a webhook's puts this off by the time of a lease first: so
  -- it is tried again when they are not heard of.
  due_at BIGINT,
  -- The process that tries it now.
  leased_by TEXT,
  -- When it is given up.
  retry_until BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- The sealed secret that signs it, should the source be gone by then; sealed for the source.
  secret BYTEA,
  -- The bytes that are sent; absent for a piece of a stream.
  body TEXT,
  doc TEXT NOT NULL
);
CREATE INDEX deliveries_kind_source_id_due_at_idx ON deliveries (kind, source_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_source_id_idx ON deliveries (source_id, created_at);
CREATE INDEX deliveries_owner_id_idx ON deliveries (owner_id, created_at, id);
CREATE INDEX deliveries_created_at_idx ON deliveries (created_at);
CREATE INDEX deliveries_drain_created_at_idx ON deliveries (created_at) WHERE kind = 'drain';

CREATE TABLE delivery_tries (
  delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  number BIGINT NOT NULL,
  -- The drain, for its health: how many of the tries of the last hour failed.
  drain_id TEXT,
  failed BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (delivery_id, number)
);
CREATE INDEX delivery_tries_drain_id_idx ON delivery_tries (drain_id, failed, created_at) WHERE drain_id IS NOT NULL;

-- The receivers of a removal stand in its deliveries now.
ALTER TABLE events DROP COLUMN targets;

-- What projects logged, a stream for each owner. Positions are handed out in the order of commits: whoever writes holds the row of
-- the stream until the end, so a reader that has seen one position never finds a smaller one later.
CREATE TABLE log_streams (
  owner_id TEXT PRIMARY KEY REFERENCES owners (id) ON DELETE CASCADE,
  -- The newest position, and the oldest one that the limits have not taken.
  head BIGINT NOT NULL,
  tail BIGINT NOT NULL,
  -- The sum of the bodies.
  bytes BIGINT NOT NULL
);

CREATE TABLE log_batches (
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  -- log or trace.
  kind TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  lines BIGINT NOT NULL,
  -- Of the body as it is kept, and unpacked.
  bytes BIGINT NOT NULL,
  size BIGINT NOT NULL,
  -- Packed with LZ4: lines of JSON, or an ExportTraceServiceRequest as protobuf.
  body BYTEA NOT NULL,
  PRIMARY KEY (owner_id, position)
);
CREATE INDEX log_batches_project_id_idx ON log_batches (project_id, position);
CREATE INDEX log_batches_created_at_idx ON log_batches (created_at);

-- The deployments that have logged, and between which positions. That one did is known for as long as the project is there.
CREATE TABLE log_deployments (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  deployment_id TEXT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (project_id, deployment_id)
);

-- Tokens that can do nothing but feed one project's logs, found by their hash.
CREATE TABLE log_keys (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX log_keys_project_id_idx ON log_keys (project_id, created_at, id);

-- Where each drain stands in its owner's stream, for its log lines and for its spans.
CREATE TABLE drain_cursors (
  drain_id TEXT NOT NULL REFERENCES drains (id) ON DELETE CASCADE,
  -- log or trace.
  kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  -- Up to here everything was sent, or is a delivery's to send.
  position BIGINT NOT NULL,
  -- The delivery of the piece that failed last. Nothing further is sent while it is pending.
  held_by TEXT,
  -- The process that works on it, and for how long without being heard of.
  leased_by TEXT,
  leased_until BIGINT NOT NULL,
  PRIMARY KEY (drain_id, kind)
);
-- Nothing was logged before this; a lane that its drain does not get is taken out when it is first looked at.
INSERT INTO drain_cursors (drain_id, kind, owner_id, position, leased_until) SELECT id, 'log', owner_id, 0, 0 FROM drains;
INSERT INTO drain_cursors (drain_id, kind, owner_id, position, leased_until) SELECT id, 'trace', owner_id, 0, 0 FROM drains;

-- enabled, disabled or errored, as the document says; and since when tries count for its health.
ALTER TABLE drains ADD COLUMN status TEXT NOT NULL DEFAULT 'enabled';
ALTER TABLE drains ADD COLUMN healthy_from BIGINT NOT NULL DEFAULT 0;
UPDATE drains SET status = 'disabled' WHERE doc LIKE '%"status":"disabled"%';

-- Shells that listen for events, while they are there. expires_at is in the system's time.
CREATE TABLE listeners (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE,
  -- Whose events it hears, wherever that is installed; absent: the owner's.
  integration_id TEXT REFERENCES integrations (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL,
  -- What signs the events of an owner's; an integration's are signed with its client secret.
  secret BYTEA,
  doc TEXT NOT NULL
);
CREATE INDEX listeners_owner_id_idx ON listeners (owner_id);
CREATE INDEX listeners_integration_id_idx ON listeners (integration_id);
CREATE INDEX listeners_expires_at_idx ON listeners (expires_at);
