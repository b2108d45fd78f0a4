"""A brand's series: opened on chain, labelled by stream, commissioned from what the line really packed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO

from countermark.chain.event_types import SeriesOpened
from countermark.errors import InputRefused, NotPermitted, WrongChain
from countermark.labels.serial_check import check_of
from countermark.labels.serial_set import EitherSet
from countermark.labels.serials import SerialProfile
from countermark.labels.series_account import SeriesAccount
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.line.report import KnownSerials, LineReport, nothing_packed, read_csv_report, read_report
from countermark.products import Product
from countermark_wallet.keys.keystore import UnlockedWallet
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import utc_now
from countermark_wallet.series.adopted_lists import AdoptedFile, adopt
from countermark_wallet.series.closing import WasteBook, close_on_ledger
from countermark_wallet.series.commissioning import Commissioning
from countermark_wallet.series.label_files import MadeLabels, SeriesLabels
from countermark_wallet.series.line_desk import LineDesk, TakenReport
from countermark_wallet.series.state import CommissionedSegment, SeriesState, SeriesStore

_PREFIX_LENGTHS = range(12, 3, -1)


@dataclass(frozen=True)
class BrandSeries:
    """The series of one brand's wallet. `host` is the listed host that new series print in their links."""

    ledger: Ledger
    wallet: UnlockedWallet
    host: str
    label_site: str = "main"
    label_period: int = 1
    clock: Callable[[], datetime] = utc_now
    limits: Limits = DEFAULT_LIMITS

    @property
    def store(self) -> SeriesStore:
        """What the wallet remembers."""
        return SeriesStore(self.wallet.folder)

    def open(
        self,
        product: Product,
        *,
        profile: SerialProfile = SerialProfile.NATIVE,
        codes: bool = False,
        adopted: Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> SeriesState:
        """Opens a series with `product.quantity` as its ceiling; `adopted` is the list of an ADOPTED series.

        Labels cannot be reprinted, so the host and the label key must be listed first, and a list is checked whole.
        Raises NotPermitted (gtin-outside-prefixes, host-not-listed, label-key-not-listed), TableRefused
        (bad-serial-list), ContractRefused.
        """
        if (profile is SerialProfile.ADOPTED) != (adopted is not None):
            raise AssertionError("a list of serials makes an adopted series, and no other")
        length = self._prefix_length(product.gtin)
        self._check_listings()
        with ExitStack() as stack:
            taken = stack.enter_context(self._adopt(product, adopted, progress)) if adopted else None
            call = self.ledger.token.open_series(int(product.gtin), length, product.marks, product.quantity)
            opened = self.ledger.event(self.ledger.send(call), SeriesOpened)
            if taken:
                taken.move(self.store.files(product.gtin, opened.number).adopted)
        state = SeriesState(
            self.ledger.chain_id,
            self.ledger.account,
            opened.series,
            opened.number,
            product,
            self.host,
            self.label_site,
            self.label_period,
            profile,
            codes,
        )
        self.store.save(state)
        return state

    def _adopt(
        self, product: Product, source: Path, progress: Callable[[int], None] | None
    ) -> AbstractContextManager[AdoptedFile]:
        others = tuple(
            SeriesLabels(state, self.wallet).serials for state in self.store.all() if state.gtin == product.gtin
        )
        keep = self.store.folder / "series" / f"{product.gtin}-adopting.txt"
        return adopt(source, product.gtin, product.quantity, keep, others, progress=progress, limits=self.limits)

    def make_labels(
        self,
        gtin: str,
        number: int,
        folder: Path,
        *,
        codes_folder: Path | None = None,
        pictures: Collection[int] = (),
        workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> MadeLabels:
        """Writes the print line of the whole series into `folder`, and SVG and PNG of the sequences in `pictures`.

        A series with claim codes writes them into `codes_folder`, for another printer. On all cores (`workers`
        processes) and in flat memory; a run that was cut off is continued, and the same series gives the same labels.
        Raises InputRefused (codes-folder), NotPermitted (series-closed, already-running), Unavailable.
        """
        state = self._open_state(gtin, number)
        _check_codes_folder(state, folder, codes_folder)
        labels = SeriesLabels(state, self.wallet)
        made = labels.write(folder, codes_folder, pictures=pictures, workers=workers, progress=progress)
        self.store.save(replace(state, made=made.count))
        return made

    def commission(self, gtin: str, number: int, report: TextIO) -> CommissionedSegment:
        """Makes tokens of the items in a line report, in its packing order, and writes the files that prove them.

        Raises TableRefused when any line is wrong; then, and when the chain refuses, nothing is left behind.
        A report that was commissioned but not recorded here (a crash in between) is recorded, not commissioned again.
        """
        read = read_csv_report(report, limits=self.limits, **self._known(self._open_state(gtin, number)))
        segment = self.take(gtin, number, read).segment
        if segment is None:
            raise nothing_packed(gtin)
        return segment

    def read_report(self, gtin: str, number: int, report: BinaryIO, *, job: str = "") -> LineReport:
        """A line report, CSV or EPCIS, whose wrong lines are findings. Raises TableRefused, InputRefused, TooLarge."""
        return read_report(report, job=job, limits=self.limits, **self._known(self._open_state(gtin, number)))

    def take(self, gtin: str, number: int, report: LineReport, *, partial: bool = False) -> TakenReport:
        """Makes tokens of what a report says was packed, and waste of what it says was wasted.

        Wrong lines are left out with `partial` and refused without. The same report again gives the same segment and
        does nothing. Raises TableRefused, InputRefused (job-changed, job-renamed), ContractRefused.
        """
        return self._desk(gtin, number).take(report, partial=partial)

    def was_taken(self, gtin: str, number: int, report: LineReport) -> bool:
        """Whether a report was taken before. Raises InputRefused (job-changed, job-renamed)."""
        return self._desk(gtin, number).was_taken(report)

    def waste(self, gtin: str, number: int, report: TextIO) -> int:
        """Records the serials in a report as waste, never to be commissioned; returns how many that makes in all.

        Raises TableRefused when any line is wrong, or was commissioned or reported before; then nothing is recorded.
        """
        state = self._open_state(gtin, number)
        book = WasteBook(self.store.files(state.gtin, state.number).waste)
        read = read_csv_report(report, limits=self.limits, **self._known(state)).whole()
        return book.add(item.serial for item in (*read.packed, *read.wasted))

    def close(self, gtin: str, number: int, *, printed: int, missing: int = 0) -> SeriesAccount:
        """Closes a series for ever, on the ledger as well, once its account adds up.

        `printed` labels left the printer; `missing` of them nobody can account for. Raises InputRefused
        (account-does-not-add-up, ledger-differs), NotPermitted (series-closed), ContractRefused.
        """
        state = self._open_state(gtin, number)
        wasted = WasteBook(self.store.files(state.gtin, state.number).waste).count()
        account = SeriesAccount(state.quantity, state.made, printed, state.commissioned, wasted, missing)
        account.check()
        close_on_ledger(self.ledger, state)
        self.store.save(replace(state, closed=account))
        return account

    def _desk(self, gtin: str, number: int) -> LineDesk:
        state = self._open_state(gtin, number)
        return LineDesk(state, self.store.files(state.gtin, state.number), self._commissioning(state), self.store)

    def _commissioning(self, state: SeriesState) -> Commissioning:
        return Commissioning(self.ledger, self.wallet, state, self.clock, self.limits)

    def _known(self, state: SeriesState) -> KnownSerials:
        """What a report on this series is read against."""
        wasted = WasteBook(self.store.files(state.gtin, state.number).waste).serials()
        return {
            "gtin": state.gtin,
            "check": check_of(SeriesLabels(state, self.wallet).serials),
            "already": EitherSet(self._commissioning(state).before(), wasted),
        }

    def _open_state(self, gtin: str, number: int) -> SeriesState:
        state = self._load(gtin, number)
        if state.closed is not None:
            raise NotPermitted(
                got=f"series {number} of {state.gtin}, which is closed",
                expected="a series that is open",
                next_step="open a new series",
                reason="series-closed",
            )
        return state

    def _prefix_length(self, gtin: str) -> int:
        account, brands = self.ledger.account, self.ledger.brands
        for length in _PREFIX_LENGTHS:
            if brands.is_within(account, int(gtin), length):
                return length
        raise NotPermitted(
            got=f"product {gtin}",
            expected=f"a GTIN within the company prefixes of {account}",
            next_step="have the identifier registrar assign the prefix, or correct the product table",
            reason="gtin-outside-prefixes",
        )

    def _check_listings(self) -> None:
        account, brands = self.ledger.account, self.ledger.brands
        if not brands.is_host(account, self.host):
            raise NotPermitted(
                got=f"host {self.host}",
                expected="a host that the brand has listed",
                next_step=f"run: countermark account list-host {self.host}",
                reason="host-not-listed",
            )
        key = self.wallet.label_key(self.label_site, self.label_period).public
        listed = brands.label_key(account, key.x, key.y)
        now = int(self.clock().timestamp())
        revoked = 0 < listed.revoked_since <= now
        if revoked or not listed.valid_from <= now < listed.valid_until:
            raise NotPermitted(
                got=f"label key of site {self.label_site}, period {self.label_period}",
                expected="a label key that the brand has listed and that is valid now",
                next_step="run: countermark account list-label-key",
                reason="label-key-not-listed",
            )

    def _load(self, gtin: str, number: int) -> SeriesState:
        state = self.store.load(gtin, number)
        if state.chain_id != self.ledger.chain_id:
            raise WrongChain(
                got=f"chain {self.ledger.chain_id}",
                expected=f"chain {state.chain_id}, on which series {number} of {gtin} was opened",
                next_step="give the address of a node of that chain with --node",
            )
        return state


def _check_codes_folder(state: SeriesState, folder: Path, codes_folder: Path | None) -> None:
    if state.codes and codes_folder is not None and codes_folder.resolve() != folder.resolve():
        return
    if state.codes or codes_folder is not None:
        raise InputRefused(
            got=f"{codes_folder or 'no folder'} for claim codes",
            expected="a folder apart from the print line's, whose reader must not have both"
            if state.codes
            else "none: this series has no claim codes",
            next_step="give --codes-out" if state.codes else "leave --codes-out away",
            reason="codes-folder",
        )
