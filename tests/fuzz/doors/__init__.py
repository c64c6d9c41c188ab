"""The doors strangers' bytes come in by, a room each; ``TARGETS`` of each are in the table."""
