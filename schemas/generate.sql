-- GENERATE: templates, and the training sheets that are assembled with them.

CREATE TABLE IF NOT EXISTS templates (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  name STRING NOT NULL COMMENT 'What people call it',
  label_type STRING NOT NULL COMMENT 'What kind of answer it asks for; canonical labels are kept per item and label type',
  system_prompt STRING COMMENT 'Sent before the user prompt; NULL for none',
  user_prompt STRING NOT NULL COMMENT 'Jinja2',
  placeholders STRING NOT NULL COMMENT 'JSON list, in order of first appearance',
  status STRING NOT NULL COMMENT 'draft, published or archived',
  revision INT NOT NULL COMMENT '1, 2, … within a family',
  family_id STRING NOT NULL COMMENT 'The id of the first revision',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA COMMENT 'Prompt templates; a published revision never changes.';

CREATE TABLE IF NOT EXISTS training_sheets (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  name STRING NOT NULL COMMENT 'What people call it',
  sheet_id STRING NOT NULL COMMENT 'The sheet',
  sheet_name STRING NOT NULL COMMENT 'Of the sheet when assembled',
  template_id STRING NOT NULL COMMENT 'The template',
  template_name STRING NOT NULL COMMENT 'Of the template when assembled',
  label_type STRING NOT NULL COMMENT 'What kind of answer; see templates',
  system_prompt STRING COMMENT 'Of the template when assembled',
  user_prompt STRING NOT NULL COMMENT 'Of the template when assembled',
  column_mapping STRING NOT NULL COMMENT 'JSON object: placeholder to column',
  response_column STRING COMMENT 'The column of the sheet that holds answers; NULL for none',
  status STRING NOT NULL COMMENT 'assembling, ready, failed or archived',
  error_message STRING COMMENT 'Why assembling failed',
  total_items BIGINT NOT NULL COMMENT 'Pairs that were assembled',
  auto_approved_count BIGINT NOT NULL COMMENT 'Pairs that arrived with a canonical label',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA CLUSTER BY (id) COMMENT 'A sheet put through a template: prompt and response pairs.';

CREATE TABLE IF NOT EXISTS pairs (
  id STRING NOT NULL COMMENT 'md5 of training sheet and item',
  training_sheet_id STRING NOT NULL COMMENT 'The training sheet',
  sheet_id STRING NOT NULL COMMENT 'The sheet',
  item_ref STRING NOT NULL COMMENT 'The item of the sheet',
  prompt STRING NOT NULL COMMENT 'The rendered user prompt',
  response STRING COMMENT 'The assistant message; NULL while there is none',
  response_source STRING NOT NULL COMMENT 'canonical, existing_column, generated, feedback, human or none',
  review_status STRING NOT NULL COMMENT 'pending, approved, edited, rejected or flagged',
  review_reason STRING COMMENT 'Why it was rejected, flagged or edited',
  reviewed_by STRING COMMENT 'Who reviewed it last',
  reviewed_at TIMESTAMP COMMENT 'When it was reviewed last',
  review_id STRING COMMENT 'The review that changed it last',
  response_before STRING COMMENT 'The response when people first decided on it; reopening goes back to it',
  source_before STRING COMMENT 'Of response_before; NULL while the pair waits',
  canonical_label_id STRING COMMENT 'The label that its response came from',
  generation_model STRING COMMENT 'The model that wrote the response',
  generation_error STRING COMMENT 'Why generation gave no response',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA CLUSTER BY (training_sheet_id, item_ref) COMMENT 'Prompt and response pairs; one for each item of a training sheet.'
  TBLPROPERTIES ('ontos.store.uncompressed' = 'id, canonical_label_id', 'ontos.store.zstd' = 'item_ref, prompt',
    'ontos.store.rle' = 'reviewed_at, version, created_at, updated_at');

CREATE TABLE IF NOT EXISTS rendered_prompts (
  training_sheet_id STRING NOT NULL COMMENT 'The training sheet',
  item_ref STRING NOT NULL COMMENT 'The item of the sheet',
  prompt STRING NOT NULL COMMENT 'The rendered user prompt',
  response STRING COMMENT 'Of the response column'
) USING DELTA CLUSTER BY (training_sheet_id) COMMENT 'Prompts on their way into pairs; empty unless something is being assembled.'
  TBLPROPERTIES ('ontos.store.zstd' = 'item_ref, prompt');

CREATE TABLE IF NOT EXISTS generated_answers (
  training_sheet_id STRING NOT NULL COMMENT 'The training sheet',
  pair_id STRING NOT NULL COMMENT 'The pair that was asked for',
  answer STRING COMMENT 'JSON of what ai_query gave: a response or an error'
) USING DELTA CLUSTER BY (training_sheet_id) COMMENT 'Answers of ai_query on their way into pairs; empty unless something is being generated.';
