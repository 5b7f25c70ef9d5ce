"""Real Spark as the truth of what our Databricks SQL means."""
