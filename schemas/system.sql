-- What belongs to the whole installation. Lives in the schema `ontos_system`.

CREATE TABLE IF NOT EXISTS orgs (
  id STRING NOT NULL COMMENT 'Short name; the org schema is org_<id>',
  title STRING NOT NULL,
  created_by STRING NOT NULL,
  created_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Tenants. Each has its own schema of workbench tables.';

CREATE TABLE IF NOT EXISTS members (
  org STRING NOT NULL,
  kind STRING NOT NULL COMMENT 'user or group',
  principal STRING NOT NULL COMMENT 'User name or group name',
  role STRING NOT NULL,
  granted_by STRING NOT NULL,
  granted_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Which role a user or a group has in an org.';

CREATE TABLE IF NOT EXISTS tokens (
  id STRING NOT NULL,
  org STRING NOT NULL,
  user STRING NOT NULL COMMENT 'Whose rights the token carries, limited by its scopes',
  title STRING NOT NULL,
  hash STRING NOT NULL COMMENT 'SHA-256 of the token, hexadecimal; the token itself is kept nowhere',
  scopes STRING NOT NULL COMMENT 'JSON object: feature to level',
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP,
  last_used_at TIMESTAMP,
  revoked_at TIMESTAMP
) USING DELTA CLUSTER BY (hash) COMMENT 'API tokens, sent as X-Ontos-Token.';
