"""Options and arguments that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Show the result as one JSON document.")]
Days = Annotated[int, typer.Option("--days", help="How many days it is valid, from now on.")]
Mark = Annotated[str, typer.Argument(metavar="MARK", help="Trademark identifier of WIPO ST.13, 17 characters.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account address, 0x and 40 digits.")]
GtinArgument = Annotated[str, typer.Argument(metavar="GTIN", help="The product's GTIN, 8 to 14 digits.")]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="Which series of this product, from 1.", min=1)]
OutputFile = Annotated[Path, typer.Option("--out", help="File to write; an existing one is replaced.")]
