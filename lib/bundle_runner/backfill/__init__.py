"""A range of dates, one run for each."""
