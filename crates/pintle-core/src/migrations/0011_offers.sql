-- Who offered a project to another team: whoever may no longer do so takes its codes along.
ALTER TABLE project_transfers ADD COLUMN offered_by TEXT REFERENCES owners (id) ON DELETE CASCADE;
CREATE INDEX project_transfers_offered_by_idx ON project_transfers (offered_by);
