"""The node's database: where it is, sessions over it, and how its schema moves on."""

from countermark_node.database.sessions import Database

__all__ = ["Database"]
