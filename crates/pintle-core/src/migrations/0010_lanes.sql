-- Which drains of an owner are behind its stream, without a look at those that are not.
CREATE INDEX drain_cursors_owner_id_idx ON drain_cursors (owner_id, position);
