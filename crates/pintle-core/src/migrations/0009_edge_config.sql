-- What an edge config holds: one row for each write of it. The newest is what is read, the others are its backups.
CREATE TABLE edge_config_versions (
  edge_config_id TEXT NOT NULL REFERENCES edge_configs (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Who wrote it.
  user_id TEXT,
  slug TEXT NOT NULL,
  digest TEXT NOT NULL,
  size_bytes BIGINT NOT NULL,
  -- Absent where a partner pushed it before this table was there: then it is counted.
  item_count BIGINT,
  -- JSON: values by key, as they are read.
  items TEXT NOT NULL,
  -- JSON: by key, when an item came, when it changed, and what it is for.
  details TEXT NOT NULL,
  PRIMARY KEY (edge_config_id, version)
);
INSERT INTO edge_config_versions
  SELECT id, version, updated_at, NULL, 'experimentation', digest, OCTET_LENGTH(items), NULL, items, '{}' FROM edge_configs;

ALTER TABLE edge_configs DROP COLUMN items;
ALTER TABLE edge_configs ADD COLUMN slug TEXT NOT NULL DEFAULT 'experimentation';
-- The installation that made it.
ALTER TABLE edge_configs ADD COLUMN configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE;
ALTER TABLE edge_configs ADD COLUMN created_by TEXT;
-- The owner that had it before, and since when that has it no more.
ALTER TABLE edge_configs ADD COLUMN moved_from TEXT;
ALTER TABLE edge_configs ADD COLUMN moved_at BIGINT;
-- The JSON Schema that its items must fit.
ALTER TABLE edge_configs ADD COLUMN schema TEXT;
UPDATE edge_configs SET configuration_id = (SELECT r.configuration_id FROM resources r WHERE r.id = edge_configs.resource_id);
CREATE INDEX edge_configs_configuration_id_idx ON edge_configs (configuration_id);

-- What applications read an edge config with.
CREATE TABLE edge_config_tokens (
  -- The hash of the token.
  id TEXT PRIMARY KEY,
  edge_config_id TEXT NOT NULL REFERENCES edge_configs (id) ON DELETE CASCADE,
  -- The installation that made it.
  configuration_id TEXT REFERENCES configurations (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX edge_config_tokens_edge_config_id_idx ON edge_config_tokens (edge_config_id, created_at, id);
CREATE INDEX edge_config_tokens_configuration_id_idx ON edge_config_tokens (configuration_id);
