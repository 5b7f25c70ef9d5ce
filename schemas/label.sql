-- LABEL: what people decided about items, and what items may be used for.

CREATE TABLE IF NOT EXISTS canonical_labels (
  id STRING NOT NULL COMMENT 'md5 of sheet, item and label type',
  sheet_id STRING NOT NULL,
  item_ref STRING NOT NULL,
  label_type STRING NOT NULL,
  response STRING NOT NULL COMMENT 'Becomes the assistant message of later pairs',
  version BIGINT NOT NULL,
  pair_id STRING COMMENT 'The pair whose review set it last',
  review_id STRING COMMENT 'The review that set it last',
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA CLUSTER BY (sheet_id, item_ref) COMMENT 'One approved answer for each sheet, item and label type.';

CREATE TABLE IF NOT EXISTS label_versions (
  label_id STRING NOT NULL,
  version BIGINT NOT NULL,
  response STRING NOT NULL,
  change STRING NOT NULL COMMENT 'set or withdrawn',
  reason STRING,
  pair_id STRING,
  review_id STRING NOT NULL,
  changed_by STRING NOT NULL,
  changed_at TIMESTAMP NOT NULL
) USING DELTA CLUSTER BY (label_id) COMMENT 'Every value that a canonical label ever had.';

CREATE TABLE IF NOT EXISTS item_usage (
  id STRING NOT NULL COMMENT 'md5 of sheet and item',
  sheet_id STRING NOT NULL,
  item_ref STRING NOT NULL,
  allowed_uses ARRAY<STRING> NOT NULL,
  prohibited_uses ARRAY<STRING> NOT NULL COMMENT 'Prohibition wins',
  reason STRING NOT NULL,
  version BIGINT NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA CLUSTER BY (sheet_id, item_ref) COMMENT 'What an item may be used for; an item without a row may be used for everything.';

CREATE TABLE IF NOT EXISTS annotation_tasks (
  id STRING NOT NULL,
  title STRING NOT NULL,
  instructions STRING,
  training_sheet_id STRING,
  source_gap_id STRING,
  target_record_count BIGINT NOT NULL,
  status STRING NOT NULL COMMENT 'open, done or cancelled',
  assignee STRING,
  version BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Requests for people to label or collect something.';
