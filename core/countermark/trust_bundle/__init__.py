"""Trust that travels: what nodes read from the chain, signed so that it can be checked without a network."""
