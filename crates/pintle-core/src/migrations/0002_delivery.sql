-- What is sent, or was: one row for each event and target, or for each piece of a drain's stream. History has no foreign keys.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  -- webhook or drain.
  kind TEXT NOT NULL,
  -- What it is sent for: the webhook, the integration whose URL it is, or the drain. Each has a lane of its own.
  source_id TEXT NOT NULL,
  configuration_id TEXT,
  -- pending, delivered, failed or canceled.
  state TEXT NOT NULL,
  -- When it is tried next, while it is pending. Whoever tries it puts this off by the time of a lease first: so it is tried again
  -- when they are not heard of.
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
CREATE INDEX delivery_tries_drain_id_idx ON delivery_tries (drain_id, created_at) WHERE drain_id IS NOT NULL;

-- The receivers of a removal stand in its deliveries now.
ALTER TABLE events DROP COLUMN targets;
