"""Placeholder."""

SCHEME = "demo"
