"""A wallet at a node: asking it, logging in, having it carry what was signed."""
