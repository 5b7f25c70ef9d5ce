-- DATA: tables brought in, and sheets over them.

CREATE TABLE IF NOT EXISTS sources (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  table_name STRING NOT NULL COMMENT 'catalog.schema.table',
  file_name STRING NOT NULL COMMENT 'As it was uploaded',
  file_format STRING NOT NULL COMMENT 'csv, parquet or jsonl',
  columns STRING NOT NULL COMMENT 'JSON list of {name, type}',
  row_count BIGINT NOT NULL COMMENT 'Rows of the table',
  size_bytes BIGINT NOT NULL COMMENT 'Of the file',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made'
) USING DELTA COMMENT 'Files that were uploaded as tables.';

CREATE TABLE IF NOT EXISTS sheets (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  name STRING NOT NULL COMMENT 'What people call it',
  description STRING COMMENT 'What it is for',
  source_table STRING NOT NULL COMMENT 'catalog.schema.table',
  item_id_column STRING COMMENT 'NULL: items are named by a hash of their row',
  columns STRING NOT NULL COMMENT 'JSON list of {name, type, modality}',
  status STRING NOT NULL COMMENT 'draft, published or archived',
  item_count BIGINT COMMENT 'Counted when it was published',
  version BIGINT NOT NULL COMMENT 'Counts changes; a change names the version that it saw',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA COMMENT 'Datasets: a named view of a table, item by item.';
