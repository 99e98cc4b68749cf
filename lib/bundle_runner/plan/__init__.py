"""A run before it starts: whatever can be wrong is found here."""
