"""Every table, one metadata, one migration chain."""
