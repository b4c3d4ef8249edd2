"""Real parts that tests start and stop: broker, node, cameras, recognizer."""
