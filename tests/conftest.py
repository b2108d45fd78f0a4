"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# Tests must not depend on how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
