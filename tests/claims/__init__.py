"""What the documents claim of security, held against the tests that they name."""
