"""Keys, proofs and seals."""
