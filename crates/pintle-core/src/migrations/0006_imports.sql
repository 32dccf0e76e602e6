-- Teams on their way to a partner, to bring over what they have there: by the hash of the state that comes back with the browser.
CREATE TABLE resource_imports (
  id TEXT PRIMARY KEY,
  configuration_id TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL
);
CREATE INDEX resource_imports_configuration_id_idx ON resource_imports (configuration_id);
CREATE INDEX resource_imports_expires_at_idx ON resource_imports (expires_at);

-- Until when one of its calls is in the hands of a server's background, so that no other server runs the next.
ALTER TABLE installations ADD COLUMN called_until BIGINT;
