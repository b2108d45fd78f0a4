"""countermark trust: update, show, export, and what the signers of a network's bundle do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark_wallet.cli.options import Days, JsonFlag
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.connection import ChainConnection
    from countermark.chain.deployment import Deployment
    from countermark_wallet.trust_bundle.export import Publishing
    from countermark_wallet.trust_bundle.store import TrustStore

app = typer.Typer()
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder in which the bundle's signers meet.")]
StoreFolder = Annotated[
    Path | None, typer.Option("--store", help="Folder of what is trusted here. [default: trust in the home folder]")
]
KeyFiles = list[Path]


@app.command()
def update(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A bundle file, a folder, or a node's address.")],
    root: Annotated[
        Path | None, typer.Option(help="The first root, once: got and compared by other means than the bundle.")
    ] = None,
    brand: Annotated[list[str] | None, typer.Option(help="Keep this brand's shard alone; once for each.")] = None,
    store: StoreFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Take over a newer trust bundle, after every check of The Update Framework's client."""
    from countermark_wallet.trust_bundle.updating import update_store

    session = session_of(ctx, as_json)
    kept = _store(session, store)
    summary = update_store(kept, source, root=root, brands=brand)
    session.show(summary.to_json(), [f"trust bundle of block {summary.block} is kept in {kept.path}", *summary.lines()])


@app.command()
def show(ctx: typer.Context, store: StoreFolder = None, as_json: JsonFlag = False) -> None:
    """Show what is trusted here, how old it is and by whose signatures."""
    from countermark_wallet.trust_bundle.updating import summarise

    session = session_of(ctx, as_json)
    kept = _store(session, store)
    summary = summarise(kept.require())
    session.show(summary.to_json(), [f"{kept.path}", *summary.lines()])


@app.command()
def export(
    ctx: typer.Context,
    folder: Folder,
    block: Annotated[int | None, typer.Option(help="The block that all nodes read up to. [default: newest]")] = None,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC address of a ledger, instead of the node's.")] = None,
    deployment: Annotated[Path | None, typer.Option(help="Deployment file, with --rpc.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read the chain, and sign what it says beside other nodes' signatures in FOLDER."""
    from countermark_wallet.cli.progress import counting
    from countermark_wallet.trust_bundle.export import read_chain

    session = session_of(ctx, as_json)
    connection, contracts = _ledger(session, rpc, deployment)
    key = session.wallet().trust_key("snapshot")
    publishing = _publishing(connection, contracts, folder)
    publishing.newest_root()
    with counting("blocks", None, quiet=session.json_output) as progress:
        reading = read_chain(connection, contracts, block, progress=progress)
    signers = publishing.sign_snapshot(reading, key)
    wanted = publishing.newest_root().root.roles["snapshot"].threshold
    session.show(
        {"block": reading.snapshot.block, "brands": len(reading.shards), "signers": signers, "threshold": wanted},
        [
            f"block {reading.snapshot.block} with {len(reading.shards)} brands, signed by {signers} of {wanted} needed",
            "next: countermark trust timestamp"
            if signers >= wanted
            else f"next: another node, --block {reading.snapshot.block}",
        ],
    )


@app.command()
def timestamp(ctx: typer.Context, folder: Folder, as_json: JsonFlag = False) -> None:
    """Say that the snapshot in FOLDER is the newest for a day, and pack the bundle."""
    session = session_of(ctx, as_json)
    connection, contracts = _ledger(session, None, None)
    publishing = _publishing(connection, contracts, folder)
    publishing.sign_timestamp(session.wallet().trust_key("timestamp"))
    path = publishing.folder.folder / "bundle.json"
    session.show({"bundle": str(path)}, [f"bundle {path}, good for a day"])


@app.command()
def key(
    ctx: typer.Context,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="root, snapshot or timestamp.")],
    out: Annotated[Path, typer.Option(help="File to write the public key to, as a JWK.")],
    as_json: JsonFlag = False,
) -> None:
    """Write this wallet's public key for a role, for the root's keepers to list."""
    from countermark.trust_bundle.envelope import key_name
    from countermark_wallet.files.safe import write_whole
    from countermark_wallet.trust_bundle.roots import check_role, key_document

    session = session_of(ctx, as_json)
    public = session.wallet().trust_key(check_role(role)).public
    write_whole(out, key_document(public))
    session.show({"role": role, "key": key_name(public), "file": str(out)}, [f"{role} key {key_name(public)} in {out}"])


@app.command()
def root(
    ctx: typer.Context,
    folder: Folder,
    root_key: Annotated[KeyFiles, typer.Option(help="Key file of a root keeper, once for each.")],
    snapshot_key: Annotated[KeyFiles, typer.Option(help="Key file of a node, once for each.")],
    timestamp_key: Annotated[KeyFiles, typer.Option(help="Key file of a timekeeper, once for each.")],
    root_threshold: Annotated[int, typer.Option(help="How many root keepers must sign.", min=1)] = 2,
    snapshot_threshold: Annotated[int, typer.Option(help="How many nodes must sign.", min=1)] = 2,
    days: Days = 365,
    as_json: JsonFlag = False,
) -> None:
    """Draft the next root: whose signatures count from now on. Its keepers sign it with `trust sign`."""
    from countermark_wallet.periods import Period, utc_now
    from countermark_wallet.trust_bundle.roots import RootKeeping, read_key
    from countermark_wallet.trust_bundle.store import BundleFolder

    session = session_of(ctx, as_json)
    connection, contracts = _ledger(session, None, None)
    files = {"root": root_key, "snapshot": snapshot_key, "timestamp": timestamp_key}
    drafted = RootKeeping(BundleFolder(folder)).draft(
        _account(connection, contracts),
        {role: [read_key(path) for path in paths] for role, paths in files.items()},
        {"root": root_threshold, "snapshot": snapshot_threshold, "timestamp": 1},
        Period.of_days(utc_now(), days).end,
    )
    session.show(
        {"version": drafted.root.version, "sha256": drafted.fingerprint},
        [f"root {drafted.root.version}, SHA-256 {drafted.fingerprint}", "next: countermark trust sign, by each keeper"],
    )


@app.command()
def sign(ctx: typer.Context, folder: Folder, as_json: JsonFlag = False) -> None:
    """Sign the newest root in FOLDER with this wallet's root key. Compare its SHA-256 with the other keepers first."""
    from countermark_wallet.trust_bundle.roots import RootKeeping
    from countermark_wallet.trust_bundle.store import BundleFolder

    session = session_of(ctx, as_json)
    signed = RootKeeping(BundleFolder(folder)).sign(session.wallet().trust_key("root"))
    count = len(signed.envelope.signatures)
    session.show(
        {"version": signed.root.version, "sha256": signed.fingerprint, "signatures": count},
        [f"root {signed.root.version} has {count} signatures, SHA-256 {signed.fingerprint}"],
    )


def _store(session: Session, folder: Path | None) -> TrustStore:
    from countermark_wallet.trust_bundle.store import TrustStore

    return TrustStore(folder or session.home / "trust")


def _ledger(session: Session, rpc: str | None, deployment: Path | None) -> tuple[ChainConnection, Deployment]:
    if rpc is None:
        ledger = session.ledger()
        return ledger.connection, ledger.deployment
    from countermark_wallet.trust_bundle.updating import ledger_at

    return ledger_at(rpc, deployment)


def _account(connection: ChainConnection, deployment: Deployment) -> Any:
    from countermark.credentials.account_id import AccountId

    return AccountId(connection.chain_id, deployment.address("ProductToken"))


def _publishing(connection: ChainConnection, deployment: Deployment, folder: Path) -> Publishing:
    from countermark_wallet.periods import utc_now
    from countermark_wallet.trust_bundle.export import Publishing
    from countermark_wallet.trust_bundle.store import BundleFolder

    return Publishing(BundleFolder(folder), _account(connection, deployment), utc_now)
