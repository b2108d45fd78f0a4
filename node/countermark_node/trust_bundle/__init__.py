"""The trust bundle that a node publishes."""
