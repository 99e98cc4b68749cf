"""What the data adds to the command `lakehouse`."""
