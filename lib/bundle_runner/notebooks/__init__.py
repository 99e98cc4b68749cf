"""Notebooks and SQL files as they are written: what they declare, and whether they can run."""
