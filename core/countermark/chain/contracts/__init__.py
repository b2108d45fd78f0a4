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
from countermark.chain.contracts.customs_register import CustomsRegister, Measure, MeasureLine, measure_commitment
from countermark.chain.contracts.directory import Directory
from countermark.chain.contracts.handovers import Handovers, OfferState
from countermark.chain.contracts.item_status import HoldRun, ItemStatus
from countermark.chain.contracts.logistic_units import LogisticUnits, UnitInfo
from countermark.chain.contracts.product_token import ProductToken, Run, Segment, SeriesInfo
from countermark.chain.contracts.trademark_registry import MarkInfo, TrademarkRegistry
from countermark.chain.contracts.trust_registry import KeyInfo, ListedKey, RoleEntry, TrustRegistry
from countermark.chain.deployment import Deployment
from countermark.errors import WrongChain

__all__ = [
    "UINT64_MAX",
    "AlertInfo",
    "AlertRegister",
    "Anchors",
    "BrandRegistry",
    "ClaimInfo",
    "Claims",
    "Contracts",
    "CustomsRegister",
    "Directory",
    "Handovers",
    "HoldRun",
    "ItemStatus",
    "KeyInfo",
    "ListedKey",
    "LogisticUnits",
    "MarkInfo",
    "Measure",
    "MeasureLine",
    "OfferState",
    "ProductToken",
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

    trust: TrustRegistry
    brands: BrandRegistry
    marks: TrademarkRegistry
    token: ProductToken
    status: ItemStatus
    units: LogisticUnits
    handovers: Handovers
    alerts: AlertRegister
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
            trust=TrustRegistry(connection, deployment.address("TrustRegistry")),
            brands=BrandRegistry(connection, deployment.address("BrandRegistry")),
            marks=TrademarkRegistry(connection, deployment.address("TrademarkRegistry")),
            token=ProductToken(connection, deployment.address("ProductToken")),
            status=ItemStatus(connection, deployment.address("ItemStatus")),
            units=LogisticUnits(connection, deployment.address("LogisticUnits")),
            handovers=Handovers(connection, deployment.address("Handovers")),
            alerts=AlertRegister(connection, deployment.address("AlertRegister")),
            directory=Directory(connection, deployment.address("Directory")),
        )
