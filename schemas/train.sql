-- TRAIN: jobs, what exactly they saw, and how well they did.

CREATE TABLE IF NOT EXISTS training_jobs (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  training_sheet_id STRING NOT NULL COMMENT 'The training sheet',
  training_sheet_name STRING NOT NULL COMMENT 'Of the training sheet when submitted',
  model_name STRING NOT NULL COMMENT 'The model that it makes a version of',
  trainer STRING NOT NULL COMMENT 'auto, or the key of a trainer',
  train_val_split DOUBLE NOT NULL COMMENT 'Share of the training side',
  training_config STRING NOT NULL COMMENT 'JSON',
  status STRING NOT NULL COMMENT 'pending, queued, running, succeeded, failed, cancelled or timeout',
  progress_percent DOUBLE NOT NULL COMMENT '0 to 100',
  message STRING COMMENT 'What it is doing',
  error_message STRING COMMENT 'Why it failed',
  total_pairs BIGINT NOT NULL COMMENT 'Pairs that it was given',
  train_pairs BIGINT NOT NULL COMMENT 'Pairs on the training side',
  val_pairs BIGINT NOT NULL COMMENT 'Pairs on the validation side',
  compute_handle STRING COMMENT 'Finds the run again after a restart',
  run_id STRING COMMENT 'MLflow run',
  uc_model_name STRING COMMENT 'The registered model, catalog.schema.name',
  uc_model_version STRING COMMENT 'The registered version',
  metrics STRING COMMENT 'JSON object of the final metrics',
  notes STRING COMMENT 'JSON list of remarks of the trainer and the split',
  source_gap_id STRING COMMENT 'The gap that asked for it',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  started_at TIMESTAMP COMMENT 'When the work began',
  finished_at TIMESTAMP COMMENT 'When it ended, however it ended'
) USING DELTA CLUSTER BY (training_sheet_id, uc_model_name) COMMENT 'Training jobs.';

CREATE TABLE IF NOT EXISTS training_job_pairs (
  job_id STRING NOT NULL COMMENT 'The job',
  pair_id STRING NOT NULL COMMENT 'The pair',
  item_ref STRING NOT NULL COMMENT 'The item of the sheet',
  pair_version BIGINT NOT NULL COMMENT 'Of the pair when it was given',
  side STRING NOT NULL COMMENT 'train or val'
) USING DELTA CLUSTER BY (job_id) COMMENT 'Exactly which pairs a job was given, and on which side.'
  TBLPROPERTIES ('ontos.store.uncompressed' = 'pair_id', 'ontos.store.zstd' = 'item_ref');

CREATE TABLE IF NOT EXISTS training_job_events (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  job_id STRING NOT NULL COMMENT 'The job',
  at TIMESTAMP NOT NULL COMMENT 'When',
  event_type STRING NOT NULL COMMENT 'status_change, progress or note',
  old_status STRING COMMENT 'Before a change of status',
  new_status STRING COMMENT 'After a change of status',
  progress_percent DOUBLE COMMENT '0 to 100',
  message STRING COMMENT 'What happened, in words',
  user STRING NOT NULL COMMENT 'Who did it; the owner of the job where it was the job itself'
) USING DELTA CLUSTER BY (job_id) COMMENT 'What happened in a job, in order.';

CREATE TABLE IF NOT EXISTS evaluations (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  job_id STRING NOT NULL COMMENT 'The job whose validation pairs were asked',
  model_name STRING NOT NULL COMMENT 'The model',
  model_version STRING NOT NULL COMMENT 'The version of the model',
  training_sheet_id STRING NOT NULL COMMENT 'The training sheet',
  examples BIGINT NOT NULL COMMENT 'Pairs that were asked',
  metric STRING NOT NULL COMMENT 'Name of the metric',
  value DOUBLE NOT NULL COMMENT 'Its value',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made'
) USING DELTA CLUSTER BY (job_id) COMMENT 'One row for each metric of each evaluation.';

CREATE TABLE IF NOT EXISTS evaluation_answers (
  evaluation_id STRING NOT NULL COMMENT 'The evaluation',
  job_id STRING NOT NULL COMMENT 'The job whose validation pairs were asked',
  pair_id STRING NOT NULL COMMENT 'The pair',
  item_ref STRING NOT NULL COMMENT 'The item of the sheet',
  expected STRING NOT NULL COMMENT 'The approved answer',
  predicted STRING NOT NULL COMMENT 'The model\'s answer'
) USING DELTA CLUSTER BY (evaluation_id) COMMENT 'What the model answered to each validation pair.';
