"""Typed access to every contract: reads return values, writes return calls for TransactionSender.send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts.alert_register import AlertInfo, AlertRegister, alert_commitment
from countermark.chain.contracts.anchors import Anchors
from countermark.chain.contracts.bound import UINT64_MAX
from countermark.chain.contracts.brand_registry import BrandRegistry
from countermark.chain.contracts.claims import ClaimInfo, Claims
from countermark.chain.contracts.council import CallInfo, Council
from countermark.chain.contracts.customs_register import CustomsRegister, Measure, MeasureLine, measure_commitment
from countermark.chain.contracts.directory import Directory
from countermark.chain.contracts.forwarder import Forwarder, RelayRequest
from countermark.chain.contracts.governor_timelock import GovernorTimelock
from countermark.chain.contracts.handovers import Handovers, OfferState
from countermark.chain.contracts.item_status import HoldRun, ItemStatus
from countermark.chain.contracts.logistic_units import LogisticUnits, UnitInfo
from countermark.chain.contracts.product_token import ProductToken, Run, Segment, SeriesInfo
from countermark.chain.contracts.trademark_registry import Licence, MarkInfo, TrademarkRegistry
from countermark.chain.contracts.trust_registry import (
    Appointment,
    KeyInfo,
    ListedKey,
    Recovery,
    RoleEntry,
    TrustRegistry,
)
from countermark.chain.deployment import Deployment
from countermark.errors import WrongChain

__all__ = [
    "UINT64_MAX",
    "AlertInfo",
    "AlertRegister",
    "Anchors",
    "Appointment",
    "BrandRegistry",
    "CallInfo",
    "ClaimInfo",
    "Claims",
    "Contracts",
    "Council",
    "CustomsRegister",
    "Directory",
    "Forwarder",
    "GovernorTimelock",
    "Handovers",
    "HoldRun",
    "ItemStatus",
    "KeyInfo",
    "Licence",
    "ListedKey",
    "LogisticUnits",
    "MarkInfo",
    "Measure",
    "MeasureLine",
    "OfferState",
    "ProductToken",
    "Recovery",
    "RelayRequest",
    "RoleEntry",
    "Run",
    "Segment",
    "SeriesInfo",
    "TrademarkRegistry",
    "TrustRegistry",
    "UnitInfo",
    "alert_commitment",
    "measure_commitment",
]


@dataclass(frozen=True, slots=True)
class Contracts:
    """All contracts of one deployment."""

    forwarder: Forwarder
    trust: TrustRegistry
    brands: BrandRegistry
    marks: TrademarkRegistry
    token: ProductToken
    status: ItemStatus
    units: LogisticUnits
    handovers: Handovers
    claims: Claims
    customs: CustomsRegister
    alerts: AlertRegister
    anchors: Anchors
    directory: Directory

    @classmethod
    def of(cls, connection: ChainConnection, deployment: Deployment) -> Self:
        """Bind a deployment. Raises WrongChain when the connection leads to another chain."""
        if connection.chain_id != deployment.chain_id:
            raise WrongChain(
                got=f"chain {connection.chain_id}",
                expected=f"chain {deployment.chain_id}, which the deployment names",
                next_step="use the deployment file of this ledger, or the ledger of this file",
            )
        return cls(
            forwarder=Forwarder(connection, deployment.address("Forwarder")),
            trust=TrustRegistry(connection, deployment.address("TrustRegistry")),
            brands=BrandRegistry(connection, deployment.address("BrandRegistry")),
            marks=TrademarkRegistry(connection, deployment.address("TrademarkRegistry")),
            token=ProductToken(connection, deployment.address("ProductToken")),
            status=ItemStatus(connection, deployment.address("ItemStatus")),
            units=LogisticUnits(connection, deployment.address("LogisticUnits")),
            handovers=Handovers(connection, deployment.address("Handovers")),
            claims=Claims(connection, deployment.address("Claims")),
            customs=CustomsRegister(connection, deployment.address("CustomsRegister")),
            alerts=AlertRegister(connection, deployment.address("AlertRegister")),
            anchors=Anchors(connection, deployment.address("Anchors")),
            directory=Directory(connection, deployment.address("Directory")),
        )
