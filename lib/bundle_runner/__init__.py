"""Run anybody's Databricks bundle on a laptop, with the semantics of Lakeflow Jobs."""
