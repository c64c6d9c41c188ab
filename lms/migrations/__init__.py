"""The migration chain of every table."""
