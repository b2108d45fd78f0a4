"""Scans: taken in, classed by evidence, compared, answered with a verdict."""
