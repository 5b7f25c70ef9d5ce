-- IMPROVE: what users said of answers, and where a model falls short.

CREATE TABLE IF NOT EXISTS feedback (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  endpoint_name STRING NOT NULL COMMENT 'The endpoint',
  model_version STRING COMMENT 'The version of the model',
  request_id STRING COMMENT 'The endpoint_metrics row of the request',
  input STRING NOT NULL COMMENT 'JSON object: variable to value',
  output STRING NOT NULL COMMENT 'What the model answered',
  rating STRING NOT NULL COMMENT 'up or down',
  correction STRING COMMENT 'What it should have answered',
  comment STRING COMMENT 'What the user said of it',
  pair_id STRING COMMENT 'The pair that was made of it',
  training_sheet_id STRING COMMENT 'Where that pair is',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'The user who rated',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made'
) USING DELTA CLUSTER BY (endpoint_name) COMMENT 'Ratings and corrections of answers.';

CREATE TABLE IF NOT EXISTS gaps (
  id STRING NOT NULL COMMENT 'md5 of endpoint, kind and label or segment',
  endpoint_name STRING NOT NULL COMMENT 'The endpoint',
  model_name STRING NOT NULL COMMENT 'The model',
  model_version STRING COMMENT 'The version of the model',
  kind STRING NOT NULL COMMENT 'label_errors, segment_errors, negative_feedback or low_coverage',
  label STRING COMMENT 'The label, or the segment as column = value',
  severity DOUBLE NOT NULL COMMENT '0 to 1; for error kinds the error rate',
  affected BIGINT NOT NULL COMMENT 'Rows that show it',
  total BIGINT NOT NULL COMMENT 'Rows that were looked at',
  evidence_summary STRING NOT NULL COMMENT 'What was seen, in a sentence',
  evidence_query STRING NOT NULL COMMENT 'The SQL whose rows show it',
  evidence_values STRING NOT NULL COMMENT 'JSON object of the values bound to that SQL',
  status STRING NOT NULL COMMENT 'open, tasked, retraining, closed',
  closed_by STRING COMMENT 'Who closed it; empty where it was found no more',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA CLUSTER BY (endpoint_name) COMMENT 'Where a model falls short, with the rows that show it.';
