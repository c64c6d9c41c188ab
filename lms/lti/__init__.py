"""LTI 1.3 Advantage: messages in, services out. PyLTI1p3 is known here alone, and overridden in ``pylti``."""
