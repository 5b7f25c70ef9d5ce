"""The eight protocols in a Databricks workspace, on databricks-sdk."""
