"""The digital label file: all that proves one item, carried as one file and checked without a network."""
