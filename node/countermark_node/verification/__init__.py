"""The scanner's sources over SQL, and verification as a service."""
