"""The Home Assistant integration, on the core that the pytest plugin pins."""
