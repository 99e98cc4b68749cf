"""A run: tasks in the order of their graph, with retries, timeouts and repairs."""
