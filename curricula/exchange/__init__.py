"""Questions and courses brought from other tools, and taken there: one file a format in ``formats``."""
