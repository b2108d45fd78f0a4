"""What this node knows of a Digital Link: whether the product is on the ledger, and where its passport is."""

from __future__ import annotations

from sqlmodel import select

from countermark.errors import NotFound
from countermark.gs1.digital_link_uri import CANONICAL_HOST, DigitalLink, parse_digital_link
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_node.chain_sync.tables import SeriesRow
from countermark_node.database import Database
from countermark_node.passports.service import PassportService
from countermark_node.resolver.links import DEFAULT, Known, Level, Link, choose, level_paths, links_of
from countermark_node.verification.signed_serials import SignedSerials


class ResolverService:
    """Reads only: what a visit counts for is decided by the page that it ends at."""

    def __init__(
        self,
        database: Database,
        passports: PassportService,
        signed: SignedSerials,
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._signed = signed
        self._passports = passports
        self._limits = limits

    def levels(self, raw_path: str, query: str) -> tuple[Level, ...]:
        """Every level of the link with this raw path, the whole link last; `query` goes along.

        Raises LabelRefused for what is no Digital Link, TooLarge.
        """
        link = self._read(raw_path, query)
        known = self._is_product(dict(link.path)["01"])
        found = []
        signed = known and self._signed.names(link)
        for path, identifiers in level_paths(link, raw_path):
            passport = known and self._passports.digest_of(dict(identifiers), signed=signed) is not None
            found.append(Level(path, links_of(path, identifiers, Known(known, passport), query)))
        return tuple(found)

    def passport_of(self, link: DigitalLink, s: str | None = None) -> bytes | None:
        """SHA-256 of the passport about what a link names, None without one; `s` is a signature beside the link."""
        return self._passports.digest_of(dict(link.path), signed=self._signed.names(link, s))

    def link(self, raw_path: str, query: str, kind: str | None, language: str) -> Link:
        """The link of this type behind a path. Raises as `levels`, or NotFound (no-such-link)."""
        (*_, whole) = self.levels(raw_path, query)
        found = choose(whole.links, kind, language) if kind else None
        if found is None:
            kinds = ", ".join(sorted({link.kind for link in whole.links}))
            raise NotFound(
                got="a link that is not here",
                expected=f"one of gs1: {kinds}" if kinds else "a product that this node knows",
                next_step="ask with linkType=linkset for all links",
                reason="no-such-link",
            )
        return found

    def default(self, raw_path: str, query: str, language: str) -> Link:
        """Where a link goes when nothing is asked for."""
        return self.link(raw_path, query, DEFAULT, language)

    def _read(self, raw_path: str, query: str) -> DigitalLink:
        # Which host was asked does not matter here: the verdict page judges it.
        text = f"https://{CANONICAL_HOST}{raw_path}" + (f"?{query}" if query else "")
        return parse_digital_link(text, limits=self._limits)

    def _is_product(self, gtin: str) -> bool:
        with self._database.read() as session:
            return session.exec(select(SeriesRow.series).where(SeriesRow.gtin == gtin).limit(1)).first() is not None
