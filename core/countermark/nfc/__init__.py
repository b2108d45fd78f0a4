"""NTAG 424 DNA chips: the answer that a chip gives at each tap, and the keys that prove it. Pure."""

from countermark.nfc.keys import ChipKeys, chip_value, diversify
from countermark.nfc.sun import ChipAnswer, SunMessage, has_sun, open_sun, read_sun

__all__ = ["ChipAnswer", "ChipKeys", "SunMessage", "chip_value", "diversify", "has_sun", "open_sun", "read_sun"]
