"""LTI 1.3 Advantage: messages in, services out."""
