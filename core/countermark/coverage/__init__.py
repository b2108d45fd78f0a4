"""What goods of a brand carry a label: published by the brand, asked by whoever has goods without one. Pure."""
