-- What the nightly job runs over the installation's own tables: orgs, members, tokens.
USE CATALOG IDENTIFIER(:catalog);
USE SCHEMA ontos_system;
OPTIMIZE members;
VACUUM members;
OPTIMIZE orgs;
VACUUM orgs;
OPTIMIZE projects;
VACUUM projects;
OPTIMIZE tokens;
VACUUM tokens;
