"""The wallet's settings, from the environment; secrets are none of them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WalletSettings(BaseSettings):
    """Frozen; each setting is read from `COUNTERMARK_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="COUNTERMARK_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(default=Path("~/.countermark"), description="Folder of wallets and their files.")
    node_url: str = Field(default="http://127.0.0.1:8750", description="Base URL of the node to work with.")
    wallet: str = Field(default="main", description="Name of the wallet to use.")
    rpc_url: str = Field(default="node", description="JSON-RPC endpoint of the ledger; `node` is the node's own.")
    deployment: str = Field(
        default="network.json", description="Deployment file for that endpoint; the default is the wallet's own file."
    )
    via_node: bool = Field(default=False, description="Whether the node carries what the wallet writes.")
    account: str = Field(default="main", description="Name of the wallet's account to use.")
