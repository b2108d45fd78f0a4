"""Trademark credentials and licences: asked for, issued, listed, checked."""
