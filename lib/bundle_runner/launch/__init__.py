"""Processes of tasks: started, told their attempt, ended."""
