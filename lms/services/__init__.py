"""What the product does, given a database session and plain values; flushes, never commits."""
