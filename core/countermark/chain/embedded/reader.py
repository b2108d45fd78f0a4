"""Reading mined blocks, transactions, receipts and logs out of the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eth._utils.address import generate_contract_address
from eth.abc import BlockHeaderAPI, LogAPI
from eth.exceptions import HeaderNotFound, TransactionNotFound

from countermark.chain.embedded import encode
from countermark.chain.embedded.machine import LedgerChain, LedgerVM
from countermark.chain.embedded.params import LogFilter
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, RpcRefused

_TRANSACTIONS = LedgerVM.get_transaction_builder()
_RECEIPTS = LedgerVM.get_receipt_builder()


class ChainReader:
    """JSON-RPC shaped views of one chain."""

    def __init__(self, chain: LedgerChain) -> None:
        self._chain = chain
        self._db = chain.chaindb
        self._last: tuple[bytes, dict[str, Any]] | None = None

    def header(self, number: int) -> BlockHeaderAPI:
        """The canonical header at `number`, which must exist."""
        return self._db.get_canonical_block_header_by_number(number)  # type: ignore[arg-type]

    def header_by_hash(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """The header with this hash, None when there is none."""
        try:
            return self._db.get_block_header_by_hash(block_hash)  # type: ignore[arg-type]
        except HeaderNotFound:
            return None

    def block(self, header: BlockHeaderAPI, whole: bool) -> dict[str, Any]:
        """A block with transaction hashes, or with `whole` transactions."""
        if not whole:
            # The newest block is asked for again and again, to see whether there is a newer one.
            if self._last is None or self._last[0] != header.hash:
                hashes = [encode.hex_data(h) for h in self._db.get_block_transaction_hashes(header)]
                self._last = (header.hash, encode.block(header, hashes))
            return dict(self._last[1])
        found = self._db.get_block_transactions(header, _TRANSACTIONS)
        return encode.block(header, [encode.transaction(one, header, place) for place, one in enumerate(found)])

    def _place(self, tx_hash: bytes) -> tuple[BlockHeaderAPI, int] | None:
        try:
            number, index = self._db.get_transaction_index(tx_hash)  # type: ignore[arg-type]
        except TransactionNotFound:
            return None
        return self.header(number), index

    def transaction(self, tx_hash: bytes) -> dict[str, Any] | None:
        """A mined transaction, None for an unknown hash."""
        place = self._place(tx_hash)
        if place is None:
            return None
        header, index = place
        found = self._db.get_transaction_by_index(header.block_number, index, _TRANSACTIONS)
        return encode.transaction(found, header, index)

    def receipt(self, tx_hash: bytes) -> dict[str, Any] | None:
        """The receipt of a mined transaction, None for an unknown hash."""
        place = self._place(tx_hash)
        if place is None:
            return None
        header, index = place
        mined = self._db.get_transaction_by_index(header.block_number, index, _TRANSACTIONS)
        found = self._db.get_receipt_by_index(header.block_number, index, _RECEIPTS)
        created = None if mined.to else generate_contract_address(mined.sender, mined.nonce)
        return encode.receipt(found, mined, header, index, created)

    def logs(self, first: int, last: int, wanted: LogFilter, most: int | None = None) -> list[dict[str, Any]]:
        """Logs of the blocks first..last in chain order; only blocks that hold logs are decoded.

        Raises RpcRefused when there are more than `most`.
        """
        found: list[dict[str, Any]] = []
        for number in range(first, last + 1):
            if (header := self.header(number)).bloom:
                found.extend(self._block_logs(header, wanted))
            if most is not None and len(found) > most:
                raise RpcRefused(LIMIT_EXCEEDED, f"more than {most} logs; ask for fewer blocks")
        return found

    def _block_logs(self, header: BlockHeaderAPI, wanted: LogFilter) -> Iterator[dict[str, Any]]:
        hashes = self._db.get_block_transaction_hashes(header)
        receipts = self._db.get_receipts(header, _RECEIPTS)
        place = 0
        for index, (tx_hash, receipt) in enumerate(zip(hashes, receipts, strict=True)):
            for entry in receipt.logs:
                if _matches(entry, wanted):
                    yield encode.log(entry, header, tx_hash, index, place)
                place += 1


def _matches(entry: LogAPI, wanted: LogFilter) -> bool:
    if wanted.addresses and entry.address not in wanted.addresses:
        return False
    if len(entry.topics) < len(wanted.topics):
        return False
    return all(
        not choices or topic.to_bytes(32, "big") in choices
        for topic, choices in zip(entry.topics, wanted.topics, strict=False)
    )
