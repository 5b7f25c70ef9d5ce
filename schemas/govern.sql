-- Governance within an org.

CREATE TABLE IF NOT EXISTS role_permissions (
  role STRING NOT NULL COMMENT 'Key of the role',
  feature STRING NOT NULL COMMENT 'What it may be used on',
  level STRING NOT NULL COMMENT 'none, read, write or admin',
  updated_by STRING NOT NULL COMMENT 'Who changed it last',
  updated_at TIMESTAMP NOT NULL COMMENT 'When it was changed last'
) USING DELTA COMMENT 'What each role may do; seeded once, edited on the Govern page.';
