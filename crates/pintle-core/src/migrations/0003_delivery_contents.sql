-- What is sent, apart from what changes while it is: so a try changes a narrow row, of which many stand on a page, and the pages of
-- the bodies stay as they were written.
CREATE TABLE delivery_contents (
  delivery_id TEXT PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
  -- The sealed secret that signs it, should the source be gone by then; sealed for the source.
  secret BYTEA,
  -- The bytes that are sent; absent for a piece of a stream.
  body TEXT,
  doc TEXT NOT NULL
);
INSERT INTO delivery_contents (delivery_id, secret, body, doc) SELECT id, secret, body, doc FROM deliveries ORDER BY id;
ALTER TABLE deliveries DROP COLUMN secret;
ALTER TABLE deliveries DROP COLUMN body;
ALTER TABLE deliveries DROP COLUMN doc;
-- Nobody asked it.
ALTER TABLE deliveries DROP COLUMN leased_by;
