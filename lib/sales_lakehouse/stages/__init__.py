"""The stages between landing and gold: DataFrames in, DataFrames out, no effect."""
