"""Labels: serials, signatures, leaves and trees, streams of labels, print files, line reports, packing lists. Pure."""
