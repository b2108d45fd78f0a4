"""A party's secrets on this machine, and the keys that sign for it here or elsewhere."""
