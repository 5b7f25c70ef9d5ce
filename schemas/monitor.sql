-- MONITOR: one row for each request to an endpoint.

CREATE TABLE IF NOT EXISTS endpoint_metrics (
  id STRING NOT NULL,
  endpoint_name STRING NOT NULL,
  model_version STRING,
  at TIMESTAMP NOT NULL,
  latency_ms DOUBLE NOT NULL,
  status_code INT NOT NULL,
  inputs BIGINT COMMENT 'How many inputs the request held',
  error_message STRING,
  source STRING NOT NULL COMMENT 'query: answered here; ingest: reported from outside',
  user STRING NOT NULL
) USING DELTA CLUSTER BY (endpoint_name, at) COMMENT 'Requests to endpoints.';
