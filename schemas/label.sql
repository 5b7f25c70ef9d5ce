-- LABEL: what people decided about items, and what items may be used for.

CREATE TABLE IF NOT EXISTS canonical_labels (
  id STRING NOT NULL COMMENT 'md5 of sheet, item and label type',
  sheet_id STRING NOT NULL COMMENT 'The sheet',
  item_ref STRING NOT NULL COMMENT 'The item of the sheet',
  label_type STRING NOT NULL COMMENT 'What kind of answer; see templates',
  response STRING NOT NULL COMMENT 'Becomes the assistant message of later pairs',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  pair_id STRING COMMENT 'The pair whose review set it last',
  review_id STRING COMMENT 'The review that set it last',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA CLUSTER BY (sheet_id, item_ref) COMMENT 'One approved answer for each sheet, item and label type.'
  TBLPROPERTIES ('ontos.store.uncompressed' = 'id, pair_id', 'ontos.store.zstd' = 'item_ref');

CREATE TABLE IF NOT EXISTS label_versions (
  label_id STRING NOT NULL COMMENT 'The canonical label',
  version BIGINT NOT NULL COMMENT 'Of the label, from then',
  response STRING NOT NULL COMMENT 'The answer from then',
  change STRING NOT NULL COMMENT 'set or withdrawn',
  reason STRING COMMENT 'Why',
  pair_id STRING COMMENT 'The pair',
  review_id STRING NOT NULL COMMENT 'The review that changed it',
  changed_by STRING NOT NULL COMMENT 'Who changed it',
  changed_at TIMESTAMP NOT NULL COMMENT 'When it was changed'
) USING DELTA CLUSTER BY (label_id) COMMENT 'Every value that a canonical label ever had.'
  TBLPROPERTIES ('ontos.store.uncompressed' = 'label_id, pair_id');

CREATE TABLE IF NOT EXISTS item_usage (
  id STRING NOT NULL COMMENT 'md5 of sheet and item',
  sheet_id STRING NOT NULL COMMENT 'The sheet',
  item_ref STRING NOT NULL COMMENT 'The item of the sheet',
  allowed_uses ARRAY<STRING> NOT NULL COMMENT 'What it may be used for; empty for nothing',
  prohibited_uses ARRAY<STRING> NOT NULL COMMENT 'Prohibition wins',
  reason STRING NOT NULL COMMENT 'Why',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA CLUSTER BY (sheet_id, item_ref) COMMENT 'What an item may be used for; an item without a row may be used for everything.'
  TBLPROPERTIES ('ontos.store.uncompressed' = 'id', 'ontos.store.zstd' = 'item_ref');

CREATE TABLE IF NOT EXISTS annotation_tasks (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  title STRING NOT NULL COMMENT 'What people read',
  instructions STRING COMMENT 'What to do, in words',
  training_sheet_id STRING COMMENT 'The training sheet',
  source_gap_id STRING COMMENT 'The gap that asked for it',
  target_record_count BIGINT NOT NULL COMMENT 'How many records are asked for',
  status STRING NOT NULL COMMENT 'open, done or cancelled',
  assignee STRING COMMENT 'Who is asked',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA CLUSTER BY (status) COMMENT 'Requests for people to label or collect something.';
