"""Requests for trademark credentials: brands hand them in, an IP office answers them."""
