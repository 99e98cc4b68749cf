"""What a run did, kept for people and for programs."""
