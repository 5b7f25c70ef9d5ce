-- What every stage leans on. One set of tables in each org's schema.

CREATE TABLE IF NOT EXISTS journal (
  id STRING NOT NULL COMMENT 'Sorts by time',
  at TIMESTAMP NOT NULL,
  user STRING NOT NULL,
  door STRING NOT NULL COMMENT 'page, rest, mcp, cli, job or python',
  operation STRING NOT NULL,
  outcome STRING NOT NULL COMMENT 'done, refused or failed',
  reason STRING COMMENT 'Why it was refused or failed',
  entity_type STRING,
  entity_id STRING,
  detail STRING COMMENT 'Arguments as JSON, without secrets, cut at 4,000 characters',
  duration_ms DOUBLE,
  correlation_id STRING NOT NULL
) USING DELTA CLUSTER BY (at) COMMENT 'Append-only: audit trail and outbox of events.';

CREATE TABLE IF NOT EXISTS outbox_positions (
  subscriber STRING NOT NULL,
  position STRING NOT NULL COMMENT 'Journal id up to which events were delivered',
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'How far each subscriber has read the journal.';

CREATE TABLE IF NOT EXISTS jobs (
  id STRING NOT NULL,
  kind STRING NOT NULL,
  entity_type STRING NOT NULL,
  entity_id STRING NOT NULL,
  title STRING NOT NULL,
  arguments STRING NOT NULL COMMENT 'JSON',
  status STRING NOT NULL COMMENT 'queued, running, succeeded, failed or cancelled',
  progress DOUBLE NOT NULL COMMENT '0 to 100',
  message STRING,
  error STRING,
  attempts INT NOT NULL,
  cancel_requested BOOLEAN NOT NULL,
  owner STRING COMMENT 'The process that runs it',
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL,
  started_at TIMESTAMP,
  heartbeat_at TIMESTAMP,
  finished_at TIMESTAMP
) USING DELTA COMMENT 'Long work: progress, heartbeat, cancel, resume after a restart.';

CREATE TABLE IF NOT EXISTS lineage_edges (
  id STRING NOT NULL,
  source_type STRING NOT NULL,
  source_id STRING NOT NULL,
  source_title STRING NOT NULL,
  target_type STRING NOT NULL,
  target_id STRING NOT NULL,
  target_title STRING NOT NULL,
  how STRING NOT NULL COMMENT 'The operation that led from source to target',
  user STRING NOT NULL,
  at TIMESTAMP NOT NULL,
  correlation_id STRING NOT NULL
) USING DELTA COMMENT 'What came out of what.';

CREATE TABLE IF NOT EXISTS notices (
  id STRING NOT NULL,
  user STRING NOT NULL COMMENT 'Who is told',
  message STRING NOT NULL,
  entity_type STRING,
  entity_id STRING,
  at TIMESTAMP NOT NULL,
  seen_at TIMESTAMP
) USING DELTA COMMENT 'Things that a person should know.';
