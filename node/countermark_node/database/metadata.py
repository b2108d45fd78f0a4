"""All tables of the node in one place: what the migrations must arrive at."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import countermark_node


def whole_metadata() -> MetaData:
    """The tables of every feature folder, imported."""
    for found in walk_packages(countermark_node.__path__, "countermark_node."):
        if found.name.rpartition(".")[2] == "tables":
            import_module(found.name)
    return SQLModel.metadata
