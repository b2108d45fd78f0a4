"""The interface to packaging lines: what they say they packed, what they are told about it, re-sent jobs. Pure."""
