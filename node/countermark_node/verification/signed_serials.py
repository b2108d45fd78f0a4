"""Whether a link's serial is signed, so that nobody can have guessed it."""

from __future__ import annotations

from countermark.gs1.digital_link_uri import DigitalLink
from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark_node.verification.service import VerificationService


class SignedSerials:
    """What only an item has is told to who brings its label's signature along, and as if no serial was named else."""

    def __init__(self, verification: VerificationService) -> None:
        self._verification = verification

    def names(self, link: DigitalLink, s: str | None = None) -> bool:
        """Whether a link names a signed serial; `s` is a signature beside the link, else it is the link's own.

        Raises WrongChain.
        """
        found = dict(link.path)
        signatures = [s] if s is not None else [value for key, value in link.extensions if key == "s"]
        if "01" not in found or "21" not in found or len(signatures) != 1:
            return False
        item = ItemKey(found["01"], found["21"])
        label = ScannedLabel(item, found.get("10"), "digital-link", link.uri, s=signatures[0])
        return self._verification.is_signed(label)
