"""Passports and their corrections, for whoever knows a passport's hash."""
