"""A network on paper: which organisation runs which validator, where its peers find it."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from countermark.errors import InputRefused
from countermark_node.network_setup.validator_keys import ValidatorKey

LEAST_VALIDATORS = 4
"""With fewer, QBFT stops as soon as one is down: it bears (N - 1) / 3 of N."""
MOST_VALIDATORS = 100
PEER_PORT = 30_303
RPC_PORT = 8_545
_FIRST_HOST = ipaddress.IPv4Address("172.30.77.11")
"""Where docker-compose.yml puts the first validator; the others follow it."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_CHAIN_IDS = 1 << 31


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator: `name` is its folder and host name, `host` the IP address that its peers dial."""

    name: str
    organisation: str
    host: str
    key: ValidatorKey

    @property
    def enode(self) -> str:
        """Its peer address."""
        return self.key.enode(f"[{self.host}]" if ":" in self.host else self.host, PEER_PORT)


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Everything `network init` writes down."""

    chain_id: int
    block_seconds: int
    validators: tuple[Validator, ...]

    @classmethod
    def make(
        cls,
        *,
        validators: int,
        organisations: Sequence[str],
        hosts: Sequence[str] = (),
        block_seconds: int = 1,
        chain_id: int | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Self:
        """Fresh keys for `validators`, dealt out to `organisations` in turn; `hosts` are IP addresses, one for each.

        Raises InputRefused (bad-network) for a plan that could not run.
        """
        _check_count(validators)
        _check_organisations(organisations, validators)
        found = tuple(hosts) or tuple(str(_FIRST_HOST + place) for place in range(validators))
        _check_hosts(found, validators)
        drawn = 1 + int.from_bytes(random(8), "big") % (_CHAIN_IDS - 1)
        return cls(
            chain_id=drawn if chain_id is None else chain_id,
            block_seconds=block_seconds,
            validators=tuple(
                Validator(f"validator-{place + 1}", organisations[place % len(organisations)], host, key)
                for place, host in enumerate(found)
                for key in (ValidatorKey.fresh(random),)
            ),
        )

    @property
    def organisations(self) -> tuple[str, ...]:
        """Their names, in the order of their first validators."""
        return tuple(dict.fromkeys(validator.organisation for validator in self.validators))

    def of(self, organisation: str) -> tuple[Validator, ...]:
        """The validators that one organisation runs."""
        return tuple(validator for validator in self.validators if validator.organisation == organisation)


def _check_count(validators: int) -> None:
    if not LEAST_VALIDATORS <= validators <= MOST_VALIDATORS:
        raise _bad(
            f"{validators} validators",
            f"{LEAST_VALIDATORS} to {MOST_VALIDATORS}: with fewer than {LEAST_VALIDATORS} the first failure stops all",
        )


def _check_organisations(organisations: Sequence[str], validators: int) -> None:
    if not organisations or len(set(organisations)) != len(organisations) or len(organisations) > validators:
        raise _bad(f"organisations {', '.join(organisations)}", "different names, no more of them than validators")
    for name in organisations:
        if not _NAME.fullmatch(name):
            raise _bad(f"an organisation called {name!r}", "small letters, digits and hyphens: a folder's name")


def _check_hosts(hosts: Sequence[str], validators: int) -> None:
    if len(set(hosts)) != validators or len(hosts) != validators:
        raise _bad(f"{len(set(hosts))} hosts for {validators} validators", "an address of its own for each validator")
    for host in hosts:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise _bad(f"the host {host!r}", "an IP address: peers do not look names up") from None


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected=expected,
        next_step="see countermark network init --help and docs/operate.md",
        reason="bad-network",
    )
