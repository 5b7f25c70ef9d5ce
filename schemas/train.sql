-- TRAIN: jobs, what exactly they saw, and how well they did.

CREATE TABLE IF NOT EXISTS training_jobs (
  id STRING NOT NULL,
  training_sheet_id STRING NOT NULL,
  training_sheet_name STRING NOT NULL,
  model_name STRING NOT NULL,
  trainer STRING NOT NULL COMMENT 'auto, or the key of a trainer',
  train_val_split DOUBLE NOT NULL COMMENT 'Share of the training side',
  training_config STRING NOT NULL COMMENT 'JSON',
  status STRING NOT NULL COMMENT 'pending, queued, running, succeeded, failed, cancelled or timeout',
  progress_percent DOUBLE NOT NULL,
  message STRING,
  error_message STRING,
  total_pairs BIGINT NOT NULL,
  train_pairs BIGINT NOT NULL,
  val_pairs BIGINT NOT NULL,
  compute_handle STRING COMMENT 'Finds the run again after a restart',
  run_id STRING COMMENT 'MLflow run',
  uc_model_name STRING,
  uc_model_version STRING,
  metrics STRING COMMENT 'JSON object of the final metrics',
  notes STRING COMMENT 'JSON list of remarks of the trainer and the split',
  source_gap_id STRING,
  version BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  started_at TIMESTAMP,
  finished_at TIMESTAMP
) USING DELTA COMMENT 'Training jobs.';

CREATE TABLE IF NOT EXISTS training_job_pairs (
  job_id STRING NOT NULL,
  pair_id STRING NOT NULL,
  item_ref STRING NOT NULL,
  pair_version BIGINT NOT NULL,
  side STRING NOT NULL COMMENT 'train or val'
) USING DELTA CLUSTER BY (job_id) COMMENT 'Exactly which pairs a job was given, and on which side.';

CREATE TABLE IF NOT EXISTS training_job_events (
  id STRING NOT NULL,
  job_id STRING NOT NULL,
  at TIMESTAMP NOT NULL,
  event_type STRING NOT NULL COMMENT 'status_change, progress or note',
  old_status STRING,
  new_status STRING,
  progress_percent DOUBLE,
  message STRING,
  user STRING NOT NULL
) USING DELTA CLUSTER BY (job_id) COMMENT 'What happened in a job, in order.';

CREATE TABLE IF NOT EXISTS evaluations (
  id STRING NOT NULL,
  job_id STRING NOT NULL,
  model_name STRING NOT NULL,
  model_version STRING NOT NULL,
  training_sheet_id STRING NOT NULL,
  examples BIGINT NOT NULL,
  metric STRING NOT NULL,
  value DOUBLE NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL
) USING DELTA CLUSTER BY (job_id) COMMENT 'One row for each metric of each evaluation.';

CREATE TABLE IF NOT EXISTS evaluation_answers (
  evaluation_id STRING NOT NULL,
  job_id STRING NOT NULL,
  pair_id STRING NOT NULL,
  item_ref STRING NOT NULL,
  expected STRING NOT NULL,
  predicted STRING NOT NULL
) USING DELTA CLUSTER BY (evaluation_id) COMMENT 'What the model answered to each validation pair.';
