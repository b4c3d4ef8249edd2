"""The HTTP API and the pages; two separate listeners."""
