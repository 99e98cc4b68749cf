"""The Spark of a cluster or a serverless environment: a process of its own, and how others join it."""
