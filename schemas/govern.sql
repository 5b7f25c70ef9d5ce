-- Governance within an org.

CREATE TABLE IF NOT EXISTS role_permissions (
  role STRING NOT NULL,
  feature STRING NOT NULL,
  level STRING NOT NULL COMMENT 'none, read, write or admin',
  updated_by STRING NOT NULL,
  updated_at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'What each role may do; seeded once, edited on the Govern page.';
