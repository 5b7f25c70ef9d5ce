-- What belongs to the whole installation. Lives in the schema `ontos_system`.

CREATE TABLE IF NOT EXISTS orgs (
  id STRING NOT NULL COMMENT 'Short name; the org schema is org_<id>',
  title STRING NOT NULL COMMENT 'What people read',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made'
) USING DELTA COMMENT 'Tenants. Each has its own schema of workbench tables.';

CREATE TABLE IF NOT EXISTS projects (
  org STRING NOT NULL COMMENT 'The org',
  id STRING NOT NULL COMMENT 'Short name; the project schema is org_<org>__<id>',
  title STRING NOT NULL COMMENT 'What people read',
  created_by STRING NOT NULL COMMENT 'Who made it',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  archived_at TIMESTAMP COMMENT 'Since when nobody can enter it; NULL while it is in use'
) USING DELTA COMMENT 'Projects of the orgs. Each has its own schema of workbench tables.';

CREATE TABLE IF NOT EXISTS members (
  org STRING NOT NULL COMMENT 'The org',
  kind STRING NOT NULL COMMENT 'user or group',
  principal STRING NOT NULL COMMENT 'User name or group name',
  role STRING NOT NULL COMMENT 'Key of the role',
  granted_by STRING NOT NULL COMMENT 'Who gave the role',
  granted_at TIMESTAMP NOT NULL COMMENT 'When it was given',
  project STRING COMMENT 'Where the role holds; NULL in every project of the org'
) USING DELTA CLUSTER BY (principal) COMMENT 'Which role a user or a group has in an org, or in one of its projects.';

CREATE TABLE IF NOT EXISTS tokens (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  org STRING NOT NULL COMMENT 'The org',
  user STRING NOT NULL COMMENT 'Whose rights the token carries, limited by its scopes',
  title STRING NOT NULL COMMENT 'What it is for',
  hash STRING NOT NULL COMMENT 'SHA-256 of the token, hexadecimal; the token itself is kept nowhere',
  scopes STRING NOT NULL COMMENT 'JSON object: feature to level',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made',
  expires_at TIMESTAMP COMMENT 'Until when it is good; NULL for ever',
  last_used_at TIMESTAMP COMMENT 'When it was last sent',
  revoked_at TIMESTAMP COMMENT 'Since when it is refused',
  project STRING COMMENT 'Where the token holds; NULL wherever its user may work in the org'
) USING DELTA CLUSTER BY (hash) COMMENT 'API tokens, sent as X-Ontos-Token.';
