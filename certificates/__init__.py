"""Awards, credentials, seals and their verification: a pure domain package."""
