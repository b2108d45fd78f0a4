"""Labels: serials, signatures, leaves and trees, streams of labels, packing lists. Pure."""
