"""Tests of the lms command."""
