"""From a picture to the one label it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from countermark.errors import LabelRefused, PictureRefused, TooLarge, shown
from countermark.gs1.digital_link import looks_like_link
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_scanner.decode import DecodedCode, decode_picture
from countermark_scanner.found_codes import FoundCode

Decoder = Callable[[bytes], Sequence[DecodedCode]]
"""From a picture file to its codes: `decode_picture` here, or `DecodeWorkers.decode` for strangers' files."""


def picture_label(data: bytes, limits: Limits = DEFAULT_LIMITS, decode: Decoder = decode_picture) -> ScannedLabel:
    """The label in a picture file. Raises PictureRefused, TooLarge or the LabelRefused of what the code holds."""
    return choose_label(decode(data), limits)


def choose_label(codes: Sequence[DecodedCode], limits: Limits = DEFAULT_LIMITS) -> ScannedLabel:
    """The one label among `codes`; `raw` is what the code holds.

    The same code twice is one code. Beside a label, what names the same goods and says less is passed over: the
    product's retail bar code, or the same item as an element string. Anything else makes the picture ambiguous, and
    then nothing is guessed: reason `several-codes`; none at all is `no-code`.
    """
    different = {code.raw: code for code in codes}
    texts = list(different)
    if not texts:
        raise PictureRefused(
            got="a picture without a readable code",
            expected="one product label",
            next_step="come closer, hold still and use even light",
            reason="no-code",
        )
    if len(texts) == 1:
        return read_label(texts[0], limits)
    labels = [label for label in (_label_or_none(text, limits) for text in texts) if label is not None]
    telling = [label for label in labels if label.form == "digital-link"] or labels
    found = [FoundCode.of(code, limits) for code in different.values()]
    if len(telling) == 1 and all(_adds_nothing(code, telling[0]) for code in found):
        return telling[0]
    raise PictureRefused(
        got=f"{len(texts)} different codes: {', '.join(shown(text)[:60] for text in texts[:4])}",
        expected="one product label",
        next_step="photograph one label at a time",
        reason="several-codes",
        extra={"codes": [shown(text) for text in texts], "found": [code.to_json() for code in found]},
    )


def _label_or_none(text: str, limits: Limits) -> ScannedLabel | None:
    try:
        return read_label(text, limits)
    except (LabelRefused, TooLarge):
        return None


def _adds_nothing(code: FoundCode, label: ScannedLabel) -> bool:
    """Whether a code is the one telling label, or names its item or product and says nothing else about it.

    Another web address is never passed over: a person might open it.
    """
    if code.text == label.raw:
        return True
    same = code.gtin == label.item.gtin and code.serial in (None, label.item.serial)
    return same and (code.lot is None or label.lot in (None, code.lot)) and not looks_like_link(code.text)
