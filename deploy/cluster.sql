-- Once, for a workspace whose tables were made before these were their keys: a table that exists
-- keeps the clustering that it was made with. Run by whoever may MANAGE the schemas; it may be run
-- again. `OPTIMIZE <table> FULL` then sorts the rows that are there; the nightly job sorts new ones.
USE CATALOG IDENTIFIER(:catalog);
USE SCHEMA IDENTIFIER(:schema);
ALTER TABLE annotation_tasks CLUSTER BY (status);
ALTER TABLE canonical_labels CLUSTER BY (sheet_id, item_ref);
ALTER TABLE endpoint_metrics CLUSTER BY (endpoint_name, at);
ALTER TABLE endpoint_versions CLUSTER BY (endpoint_name, at);
ALTER TABLE evaluation_answers CLUSTER BY (evaluation_id);
ALTER TABLE evaluations CLUSTER BY (job_id);
ALTER TABLE feedback CLUSTER BY (endpoint_name);
ALTER TABLE gaps CLUSTER BY (endpoint_name);
ALTER TABLE generated_answers CLUSTER BY (training_sheet_id);
ALTER TABLE item_usage CLUSTER BY (sheet_id, item_ref);
ALTER TABLE jobs CLUSTER BY (status, entity_id);
ALTER TABLE journal CLUSTER BY (at);
ALTER TABLE label_versions CLUSTER BY (label_id);
ALTER TABLE lineage_edges CLUSTER BY (id);
ALTER TABLE notices CLUSTER BY (user);
ALTER TABLE pairs CLUSTER BY (training_sheet_id, item_ref);
ALTER TABLE rendered_prompts CLUSTER BY (training_sheet_id);
ALTER TABLE training_job_events CLUSTER BY (job_id);
ALTER TABLE training_job_pairs CLUSTER BY (job_id);
ALTER TABLE training_jobs CLUSTER BY (training_sheet_id, uc_model_name);
ALTER TABLE training_sheets CLUSTER BY (id);
ALTER TABLE ontos_system.members CLUSTER BY (principal);
ALTER TABLE ontos_system.tokens CLUSTER BY (hash);
