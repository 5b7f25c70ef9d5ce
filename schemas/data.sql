-- DATA: tables brought in, and sheets over them.

CREATE TABLE IF NOT EXISTS sources (
  id STRING NOT NULL,
  table_name STRING NOT NULL COMMENT 'catalog.schema.table',
  file_name STRING NOT NULL,
  file_format STRING NOT NULL COMMENT 'csv, parquet or jsonl',
  columns STRING NOT NULL COMMENT 'JSON list of {name, type}',
  row_count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Files that were uploaded as tables.';

CREATE TABLE IF NOT EXISTS sheets (
  id STRING NOT NULL,
  name STRING NOT NULL,
  description STRING,
  source_table STRING NOT NULL COMMENT 'catalog.schema.table',
  item_id_column STRING COMMENT 'NULL: items are named by a hash of their row',
  columns STRING NOT NULL COMMENT 'JSON list of {name, type, modality}',
  status STRING NOT NULL COMMENT 'draft, published or archived',
  item_count BIGINT COMMENT 'Counted when it was published',
  version BIGINT NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Datasets: a named view of a table, item by item.';
