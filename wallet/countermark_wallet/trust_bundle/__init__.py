"""Trust bundles on this machine, and what those who make them do."""
