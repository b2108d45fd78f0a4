"""What has become of an item: who sees which part of it."""
