"""Tracks, modules, lessons and questions: a pure domain package and the shipped content."""
