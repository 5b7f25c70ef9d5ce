-- DEPLOY: endpoints and what they served when.

CREATE TABLE IF NOT EXISTS endpoints (
  name STRING NOT NULL COMMENT 'Its name in the workspace',
  model_name STRING NOT NULL COMMENT 'The model',
  model_version STRING COMMENT 'The version that answers most; NULL before the first is ready',
  pending_version STRING COMMENT 'The version being loaded',
  previous_version STRING COMMENT 'Where a rollback goes',
  traffic STRING COMMENT 'JSON: percent of the requests for each loaded version, as the serving layer says',
  status STRING NOT NULL COMMENT 'creating, updating, ready, failed or deleted',
  error_message STRING COMMENT 'Why the last change failed',
  guardrails STRING COMMENT 'JSON: those in force, and who holds each; NULL where there are none',
  inputs STRING COMMENT 'JSON list: the variables that the answering version wants',
  training_sheet_id STRING COMMENT 'Of the job that made the model; where feedback goes by default',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA COMMENT 'Served models.';

CREATE TABLE IF NOT EXISTS endpoint_versions (
  endpoint_name STRING NOT NULL COMMENT 'The endpoint',
  model_version STRING NOT NULL COMMENT 'The version that answers most from then',
  traffic STRING COMMENT 'JSON: percent of the requests for each loaded version',
  how STRING NOT NULL COMMENT 'create, update, traffic or rollback',
  user STRING NOT NULL COMMENT 'Who put it there',
  at TIMESTAMP NOT NULL COMMENT 'From when'
) USING DELTA CLUSTER BY (endpoint_name, at) COMMENT 'Which version answered from when.';
