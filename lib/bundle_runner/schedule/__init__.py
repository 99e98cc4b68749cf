"""When a job is due: clocks, intervals and files that arrive."""
