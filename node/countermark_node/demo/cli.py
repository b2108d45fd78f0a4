"""`countermark demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PORT = 8750


def register(app: typer.Typer) -> None:
    """Add `countermark demo`."""

    @app.command()
    def demo(
        leave: Annotated[
            bool, typer.Option("--exit", help="End after the story instead of leaving the node up.")
        ] = False,
        json_file: Annotated[
            Path | None, typer.Option("--json", metavar="FILE", help="Write each step's result to FILE, for machines.")
        ] = None,
        folder: Annotated[Path, typer.Option(help="Folder for ledger, wallets and pictures.")] = Path("demo-run"),
        products: Annotated[Path, typer.Option(help="CSV table of the brand's products.")] = Path(
            "examples/products.csv"
        ),
        port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the node; 0 takes any free one.")] = PORT,
        chain_url: Annotated[
            str | None,
            typer.Option(help="JSON-RPC address of a test ledger; default: a fresh embedded one."),
        ] = None,
    ) -> None:
        """Play the main job: from a trademark to a customs alert, with 10,000 labels."""
        # Imported here: every `countermark` command passes through this module.
        from rich.console import Console

        from countermark_node.demo.evening import load_products, play

        outcome = play(
            folder.absolute(),
            load_products(products),
            Console(highlight=False),
            port=port,
            stay=not leave,
            json_file=json_file,
            chain_url=chain_url,
        )
        raise typer.Exit(0 if outcome.fulfilled else 1)
