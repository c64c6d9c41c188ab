"""Hostile messages, sent over HTTP to the production server and its two processes."""
