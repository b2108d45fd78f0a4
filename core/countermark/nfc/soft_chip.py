"""A chip in software, for tests and trials: it mirrors and signs as an NTAG 424 DNA does when it is tapped."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from countermark.nfc.keys import ChipKeys, check_uid

_RANDOM = bytes(5)


@dataclass
class SoftChip:
    """`uid` has 7 bytes; `file_key` is the chip's own. `counter` grows with each tap."""

    uid: bytes
    meta_key: bytes = field(repr=False)
    file_key: bytes = field(repr=False)
    counter: int = 0

    @classmethod
    def of(cls, uid: bytes, keys: ChipKeys) -> SoftChip:
        """A chip as the line writes it: with its series' meta key and a file key of its own."""
        return cls(check_uid(uid), keys.meta_key, keys.file_key_of(uid))

    def tap(self, link: str, *, plain: bool = False) -> str:
        """`link` as a phone opens it: with UID and counter, encrypted or plain, and the signature behind."""
        self.counter += 1
        mirrored = self.uid + self.counter.to_bytes(3, "little")
        session = _cmac(self.file_key, bytes.fromhex("3CC300010080") + mirrored)
        signature = _cmac(session, b"")[1::2].hex().upper()
        shown = self._plain() if plain else self._encrypted(mirrored)
        return f"{link}{'&' if '?' in link else '?'}{shown}&cmac={signature}"

    def _plain(self) -> str:
        return f"uid={self.uid.hex().upper()}&ctr={self.counter:06X}"

    def _encrypted(self, mirrored: bytes) -> str:
        cipher = Cipher(algorithms.AES(self.meta_key), modes.CBC(bytes(16))).encryptor()
        data = cipher.update(b"\xc7" + mirrored + _RANDOM) + cipher.finalize()
        return f"picc_data={data.hex().upper()}"


def _cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()
