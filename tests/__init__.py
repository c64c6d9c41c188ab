"""The tests: they mirror the code, and read as the behaviour they protect."""
