-- DEPLOY: endpoints and what they served when.

CREATE TABLE IF NOT EXISTS endpoints (
  name STRING NOT NULL,
  model_name STRING NOT NULL,
  model_version STRING COMMENT 'The version that answers; NULL before the first is ready',
  pending_version STRING COMMENT 'The version being loaded',
  previous_version STRING COMMENT 'Where a rollback goes',
  status STRING NOT NULL COMMENT 'creating, updating, ready, failed or deleted',
  error_message STRING,
  inputs STRING COMMENT 'JSON list: the variables that the answering version wants',
  training_sheet_id STRING COMMENT 'Of the job that made the model; where feedback goes by default',
  version BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Served models.';

CREATE TABLE IF NOT EXISTS endpoint_versions (
  endpoint_name STRING NOT NULL,
  model_version STRING NOT NULL,
  how STRING NOT NULL COMMENT 'create, update or rollback',
  user STRING NOT NULL,
  at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Which version answered from when.';
