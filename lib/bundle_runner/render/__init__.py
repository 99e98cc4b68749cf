"""The same jobs for other schedulers."""
