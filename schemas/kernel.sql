-- What every stage leans on. One set of tables in each org's schema.

CREATE TABLE IF NOT EXISTS journal (
  id STRING NOT NULL COMMENT 'Sorts by time',
  at TIMESTAMP NOT NULL COMMENT 'When it ended',
  user STRING NOT NULL COMMENT 'Whose rights it ran with',
  door STRING NOT NULL COMMENT 'page, rest, mcp, cli, job or python',
  operation STRING NOT NULL COMMENT 'Name of the operation',
  outcome STRING NOT NULL COMMENT 'done, refused or failed',
  reason STRING COMMENT 'Why it was refused or failed',
  entity_type STRING COMMENT 'What kind of thing it is about',
  entity_id STRING COMMENT 'Which thing',
  detail STRING COMMENT 'Arguments as JSON, without secrets, cut at 4,000 characters',
  duration_ms DOUBLE COMMENT 'How long it took, in milliseconds',
  correlation_id STRING NOT NULL COMMENT 'The same for all that one request led to'
) USING DELTA CLUSTER BY (at) COMMENT 'Append-only: audit trail and outbox of events.';

CREATE TABLE IF NOT EXISTS outbox_positions (
  subscriber STRING NOT NULL COMMENT 'Name of the subscriber',
  position STRING NOT NULL COMMENT 'Journal id up to which events were delivered',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA COMMENT 'How far each subscriber has read the journal.';

CREATE TABLE IF NOT EXISTS jobs (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  kind STRING NOT NULL COMMENT 'Which work it is',
  entity_type STRING NOT NULL COMMENT 'What kind of thing it is about',
  entity_id STRING NOT NULL COMMENT 'Which thing',
  title STRING NOT NULL COMMENT 'What people read',
  arguments STRING NOT NULL COMMENT 'JSON',
  status STRING NOT NULL COMMENT 'queued, running, succeeded, failed or cancelled',
  progress DOUBLE NOT NULL COMMENT '0 to 100',
  message STRING COMMENT 'What it is doing',
  error STRING COMMENT 'Why it failed',
  attempts INT NOT NULL COMMENT 'How often it was begun',
  cancel_requested BOOLEAN NOT NULL COMMENT 'Whether somebody asked it to stop',
  owner STRING COMMENT 'The process that runs it',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  started_at TIMESTAMP COMMENT 'When the work began',
  heartbeat_at TIMESTAMP COMMENT 'When its process was last seen at it',
  finished_at TIMESTAMP COMMENT 'When it ended, however it ended'
) USING DELTA CLUSTER BY (status, entity_id) COMMENT 'Long work: progress, heartbeat, cancel, resume after a restart.';

CREATE TABLE IF NOT EXISTS lineage_edges (
  id STRING NOT NULL COMMENT 'md5 of what it joins',
  source_type STRING NOT NULL COMMENT 'What kind of thing it came out of',
  source_id STRING NOT NULL COMMENT 'Which thing it came out of',
  source_title STRING NOT NULL COMMENT 'Its title then',
  target_type STRING NOT NULL COMMENT 'What kind of thing came out',
  target_id STRING NOT NULL COMMENT 'Which thing came out',
  target_title STRING NOT NULL COMMENT 'Its title then',
  how STRING NOT NULL COMMENT 'The operation that led from source to target',
  user STRING NOT NULL COMMENT 'Who did it',
  at TIMESTAMP NOT NULL COMMENT 'When',
  correlation_id STRING NOT NULL COMMENT 'The same for all that one request led to'
) USING DELTA CLUSTER BY (id) COMMENT 'What came out of what.';

CREATE TABLE IF NOT EXISTS notices (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  user STRING NOT NULL COMMENT 'Who is told',
  message STRING NOT NULL COMMENT 'What they are told',
  entity_type STRING COMMENT 'What kind of thing it is about',
  entity_id STRING COMMENT 'Which thing',
  at TIMESTAMP NOT NULL COMMENT 'When it was said',
  seen_at TIMESTAMP COMMENT 'When they saw it; NULL before'
) USING DELTA CLUSTER BY (user) COMMENT 'Things that a person should know.';
