"""The printed link as a GS1 Digital Link: from an identifier to everything that this node has about it."""
