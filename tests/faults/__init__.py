"""Faults of processes, networks and platforms: every score arrives all the same, once."""
