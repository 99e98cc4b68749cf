"""The bundle as its files say it: read, merged, every `${...}` given its value."""
