"""Setting a permissioned network up: its first block, its validators, our contracts on it, its nodes' settings."""
