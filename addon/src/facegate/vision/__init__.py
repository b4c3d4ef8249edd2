"""Models: one per file, over one runtime."""
