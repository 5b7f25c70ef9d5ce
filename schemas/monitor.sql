-- MONITOR: one row for each request to an endpoint.

CREATE TABLE IF NOT EXISTS endpoint_metrics (
  id STRING NOT NULL COMMENT 'Its name; sorts by time',
  endpoint_name STRING NOT NULL COMMENT 'The endpoint',
  model_version STRING COMMENT 'The version of the model',
  at TIMESTAMP NOT NULL COMMENT 'When',
  latency_ms DOUBLE NOT NULL COMMENT 'From request to answer, in milliseconds',
  status_code INT NOT NULL COMMENT 'HTTP status of the answer',
  inputs BIGINT COMMENT 'How many inputs the request held',
  error_message STRING COMMENT 'What went wrong',
  source STRING NOT NULL COMMENT 'query: answered here; ingest: reported from outside',
  user STRING NOT NULL COMMENT 'Who asked'
) USING DELTA CLUSTER BY (endpoint_name, at) COMMENT 'Requests to endpoints.';
