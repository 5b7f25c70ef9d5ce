-- GENERATE: templates, and the training sheets that are assembled with them.

CREATE TABLE IF NOT EXISTS templates (
  id STRING NOT NULL,
  name STRING NOT NULL,
  label_type STRING NOT NULL COMMENT 'What kind of answer it asks for; canonical labels are kept per item and label type',
  system_prompt STRING,
  user_prompt STRING NOT NULL COMMENT 'Jinja2',
  placeholders STRING NOT NULL COMMENT 'JSON list, in order of first appearance',
  status STRING NOT NULL COMMENT 'draft, published or archived',
  revision INT NOT NULL COMMENT '1, 2, … within a family',
  family_id STRING NOT NULL COMMENT 'The id of the first revision',
  version BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Prompt templates; a published revision never changes.';

CREATE TABLE IF NOT EXISTS training_sheets (
  id STRING NOT NULL,
  name STRING NOT NULL,
  sheet_id STRING NOT NULL,
  sheet_name STRING NOT NULL,
  template_id STRING NOT NULL,
  template_name STRING NOT NULL,
  label_type STRING NOT NULL,
  system_prompt STRING COMMENT 'Of the template when assembled',
  user_prompt STRING NOT NULL COMMENT 'Of the template when assembled',
  column_mapping STRING NOT NULL COMMENT 'JSON object: placeholder to column',
  response_column STRING,
  status STRING NOT NULL COMMENT 'assembling, ready, failed or archived',
  error_message STRING,
  total_items BIGINT NOT NULL,
  auto_approved_count BIGINT NOT NULL COMMENT 'Pairs that arrived with a canonical label',
  version BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'A sheet put through a template: prompt and response pairs.';

CREATE TABLE IF NOT EXISTS pairs (
  id STRING NOT NULL COMMENT 'md5 of training sheet and item',
  training_sheet_id STRING NOT NULL,
  sheet_id STRING NOT NULL,
  item_ref STRING NOT NULL,
  prompt STRING NOT NULL COMMENT 'The rendered user prompt',
  response STRING COMMENT 'The assistant message; NULL while there is none',
  response_source STRING NOT NULL COMMENT 'canonical, existing_column, generated, feedback, human or none',
  review_status STRING NOT NULL COMMENT 'pending, approved, edited, rejected or flagged',
  review_reason STRING,
  reviewed_by STRING,
  reviewed_at TIMESTAMP,
  review_id STRING COMMENT 'The review that changed it last',
  canonical_label_id STRING,
  generation_model STRING,
  generation_error STRING COMMENT 'Why generation gave no response',
  version BIGINT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA CLUSTER BY (training_sheet_id, item_ref) COMMENT 'Prompt and response pairs; one for each item of a training sheet.';

CREATE TABLE IF NOT EXISTS rendered_prompts (
  training_sheet_id STRING NOT NULL,
  item_ref STRING NOT NULL,
  prompt STRING NOT NULL,
  response STRING COMMENT 'Of the response column'
) USING DELTA CLUSTER BY (training_sheet_id) COMMENT 'Prompts on their way into pairs; empty unless something is being assembled.';
