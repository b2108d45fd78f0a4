"""A backup of a running node, and a node made again from one."""
