"""The one way to addresses that others wrote."""
