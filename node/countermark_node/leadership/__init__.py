"""Of several processes over one database one alone does the background work."""
