"""Message catalogues of the interface (gettext)."""
