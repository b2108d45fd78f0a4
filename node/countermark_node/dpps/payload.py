"""A passport as the payload of EN 18222 answers. Pure.

Source: EN 18222 (API) and EN 18223 (header members, data elements). Elements are named by GS1's Web Vocabulary.
"""

from __future__ import annotations

from typing import Any

from countermark.credentials.claims import instant
from countermark.passports.passport import CONTEXTS, Passport
from countermark_node.passports.service import PassportVersion
from countermark_node.resolver.links import VOCABULARY, product_identifier

_CATEGORY = "urn:countermark:terms:category"


def elements(passport: Passport) -> dict[str, tuple[str, str, str]]:
    """Each data element: dictionary reference, data type, value."""
    product = passport.product
    found = {
        "productName": (f"{VOCABULARY}productName", "xsd:string", product.name),
        "brandName": (f"{VOCABULARY}brandName", "xsd:string", product.brand),
        "gtin": (f"{VOCABULARY}gtin", "xsd:string", product.gtin),
        "countryOfProduction": (f"{VOCABULARY}countryOfOrigin", "xsd:string", product.country),
        "productCategory": (_CATEGORY, "xsd:string", product.category),
    }
    if passport.lot:
        found["batchNumber"] = (f"{VOCABULARY}hasBatchLotNumber", "xsd:string", passport.lot)
    if passport.expiry:
        found["expiryDate"] = (f"{VOCABULARY}expirationDate", "xsd:date", passport.expiry.isoformat())
    return found


def element_json(name: str, element: tuple[str, str, str]) -> dict[str, str]:
    """One data element, whole."""
    reference, data_type, value = element
    return {
        "elementId": name,
        "objectType": "SingleValuedDataElement",
        "dictionaryReference": reference,
        "valueDataType": data_type,
        "value": value,
    }


def passport_json(digest: bytes, version: PassportVersion, *, full: bool) -> dict[str, Any]:
    """The passport; `full` gives each element with what it means, else names and values alone."""
    passport = version.passport
    path = (("01", passport.product.gtin), *((("10", passport.lot),) if passport.lot else ()))
    found = elements(passport)
    return {
        "digitalProductPassportId": digest.hex(),
        "uniqueProductIdentifier": product_identifier(path),
        "granularity": "Batch" if passport.lot else "Model",
        "dppSchemaVersion": "untp-0.7.0",
        "dppStatus": "active",
        "lastUpdate": instant(version.since),
        "economicOperatorId": passport.brand.did,
        "contentSpecificationIds": [CONTEXTS[1]],
        "elements": [element_json(name, element) for name, element in found.items()]
        if full
        else {name: value for name, (_, _, value) in found.items()},
    }
