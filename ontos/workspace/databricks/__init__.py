"""The nine protocols in a Databricks workspace, on databricks-sdk."""
