"""The command `lakehouse`: what is asked, done, and said."""
