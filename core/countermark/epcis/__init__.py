"""EPCIS 2.0 events of commissioning, packing and waste as JSON, typed and bounded, with their CBV 2.0 hashes. Pure."""
