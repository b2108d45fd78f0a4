"""Whether the node lives and is ready."""
