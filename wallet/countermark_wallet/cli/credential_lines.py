"""A checked credential as JSON and as lines for people."""

from __future__ import annotations

from typing import Any

from countermark.credentials.licence import Licence, LicenceCheck
from countermark.credentials.licence import to_claims as licence_claims
from countermark.credentials.trademark import TrademarkCredential, to_claims
from countermark.credentials.trademark_sd_jwt import PresentedTrademark
from countermark.credentials.trust import CredentialCheck, PresentationCheck

_HIDDEN = "(not shown)"


def described(check: CredentialCheck | PresentationCheck | LicenceCheck) -> tuple[dict[str, Any], list[str]]:
    """The result's members and its lines; nothing for a check that read no credential."""
    if isinstance(check, LicenceCheck):
        return _licence(check.licence) if check.licence else ({}, [])
    if isinstance(check, PresentationCheck):
        return _presented(check.presented) if check.presented else ({}, [])
    return _trademark(check.credential) if check.credential else ({}, [])


def _trademark(found: TrademarkCredential) -> tuple[dict[str, Any], list[str]]:
    mark = found.trademark
    return {"form": "vc+jwt", "credential": to_claims(found)}, [
        f"{mark.mark} {mark.text!r}, registered {mark.registered_on}, is held by {found.holder_name}",
        f"account      {found.holder.address}",
        f"Nice classes {', '.join(map(str, mark.nice_classes))}",
        f"issued by    {found.issuer_name}",
        f"valid until  {found.valid_until:%Y-%m-%d}",
    ]


def _presented(found: PresentedTrademark) -> tuple[dict[str, Any], list[str]]:
    shown: dict[str, Any] = {
        "registeredId": found.mark,
        "holderAccount": found.holder.caip10,
        "issuerName": found.issuer_name,
        "registeredName": found.holder_name,
        "wordMark": found.text,
        "niceClasses": None if found.nice_classes is None else list(found.nice_classes),
        "registeredDate": None if found.registered_on is None else found.registered_on.isoformat(),
    }
    classes = _HIDDEN if found.nice_classes is None else ", ".join(map(str, found.nice_classes))
    return {
        "form": "dc+sd-jwt",
        "bound": found.bound,
        "credential": {name: value for name, value in shown.items() if value is not None},
    }, [
        f"{found.mark} {found.text or _HIDDEN}, registered {found.registered_on or _HIDDEN}, "
        f"is held by {found.holder_name or _HIDDEN}",
        f"account      {found.holder.address}",
        f"Nice classes {classes}",
        f"issued by    {found.issuer_name}",
        f"valid until  {found.valid_until:%Y-%m-%d}",
        f"presented by {'its holder, who answered the challenge' if found.bound else 'anybody, unchallenged'}",
    ]


def _licence(found: Licence) -> tuple[dict[str, Any], list[str]]:
    return {"form": "vc+jwt", "credential": licence_claims(found)}, [
        f"{found.licensee_name} may use {found.mark} for {found.ceiling} items in all",
        f"account      {found.licensee.address}",
        f"granted by   {found.licensor_name} ({found.licensor.address})",
        f"valid until  {found.valid_until:%Y-%m-%d}",
    ]
