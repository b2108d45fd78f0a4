"""Packing lists: which serial is which token."""
