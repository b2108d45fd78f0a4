"""A brand's series from opening to closing."""
