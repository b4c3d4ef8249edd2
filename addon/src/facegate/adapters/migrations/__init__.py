"""Alembic's steps from one schema to the next, forward only; the store runs them when it opens a database."""
