"""Who plays: one wallet a party, each with its own keys, talking to the node over HTTP as anybody would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countermark.roles import Level, Role
from countermark_wallet.accounts.accreditation import Accreditation
from countermark_wallet.credentials.issuing import TrademarkIssuing
from countermark_wallet.custody.handing_over import HandingOver
from countermark_wallet.keys.keystore import UnlockedWallet, WalletKeystore
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.series.brand_series import BrandSeries

OFFICE_CODE = "XX"
OFFICE_NAME = "Example IP Office"
BRAND_NAME = "Example Brand"
BRAND_PREFIX = "9521234"
BRAND_HOST = "id.brand.example"

PARTIES = ("governor", "registrar", "ip-office", "brand", "carrier", "retailer", "customs", "outsider")


@dataclass(frozen=True)
class Party:
    """One participant: wallet and ledger access."""

    wallet: UnlockedWallet
    ledger: Ledger
    clock: Callable[[], datetime]

    @property
    def account(self) -> str:
        """The party's account."""
        return self.wallet.address

    def accreditation(self) -> Accreditation:
        """Its accounts, keys and grants."""
        return Accreditation(self.ledger, clock=self.clock)

    def handing_over(self) -> HandingOver:
        """Its handovers and receipts."""
        return HandingOver(self.ledger, clock=self.clock)


@dataclass(frozen=True)
class Cast:
    """All parties of the story."""

    governor: Party
    registrar: Party
    ip_office: Party
    brand: Party
    carrier: Party
    retailer: Party
    customs: Party
    outsider: Party

    @classmethod
    def enter(
        cls,
        wallets: dict[str, UnlockedWallet],
        reach: Callable[[WalletSigner], Ledger],
        clock: Callable[[], datetime],
    ) -> Cast:
        """Give each wallet its way to the ledger."""
        parties = {
            name.replace("-", "_"): Party(wallet, reach(wallet.signer()), clock) for name, wallet in wallets.items()
        }
        return cls(**parties)

    def issuing(self) -> TrademarkIssuing:
        """The IP office's register desk."""
        office = self.ip_office
        return TrademarkIssuing(office.ledger, office.wallet.credential_key(), OFFICE_NAME, clock=office.clock)

    def series(self) -> BrandSeries:
        """The brand's packaging engineer."""
        return BrandSeries(self.brand.ledger, self.brand.wallet, BRAND_HOST, clock=self.brand.clock)


def create_wallets(keystore: WalletKeystore, password: str) -> dict[str, UnlockedWallet]:
    """A fresh wallet for each party."""
    return {name: keystore.create(name, password) for name in PARTIES}


def accredit(cast: Cast, node_account: str) -> None:
    """The trust tree: governor -> authorities -> brand -> those whom it introduces. The outsider gets nothing."""
    for party in (cast.registrar, cast.ip_office, cast.brand, cast.carrier, cast.retailer, cast.customs, cast.outsider):
        party.accreditation().register()
    governor = cast.governor.accreditation()
    governor.grant(cast.registrar.account, Role.IDENTIFIER_REGISTRAR, Level.ACCREDITED)
    governor.grant(cast.ip_office.account, Role.IP_OFFICE, Level.ACCREDITED)
    governor.grant(cast.customs.account, Role.CUSTOMS, Level.ACCREDITED)
    governor.grant(node_account, Role.NODE_OPERATOR, Level.ACCREDITED)
    governor.assign_office(OFFICE_CODE, cast.ip_office.account)
    office = cast.ip_office.accreditation()
    office.list_credential_key(cast.ip_office.wallet.credential_key().public)
    office.grant(cast.brand.account, Role.BRAND, Level.ACCREDITED)
    cast.registrar.accreditation().assign_prefix(cast.brand.account, BRAND_PREFIX)
    brand = cast.brand.accreditation()
    brand.list_label_key(cast.brand.wallet.label_key().public)
    brand.list_host(BRAND_HOST)
    brand.list_credential_key(cast.brand.wallet.credential_key().public)
    brand.grant(cast.carrier.account, Role.CARRIER, Level.INTRODUCED)
    brand.grant(cast.retailer.account, Role.RETAILER, Level.INTRODUCED)
