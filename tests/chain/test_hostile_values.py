"""What participants may write on the ledger to stop others from reading it, or do to keep it busy."""

from __future__ import annotations

from eth_abi.abi import encode

from countermark.chain.artifacts import artifact
from countermark.chain.deployment import Deployment
from countermark.chain.embedded.answer import answer_body
from countermark.chain.event_types import EndpointSet
from countermark.chain.events import decode_log
from countermark.chain.logs import LogEntry
from countermark.limits import Limits

BRAND = "0x" + "11" * 20
REGISTRY = "0x" + "22" * 20


def endpoint_log(url: bytes) -> LogEntry:
    (signature,) = (one for one in artifact("BrandRegistry").events.values() if one.name == "EndpointSet")
    topics = (signature.digest, bytes(12) + bytes.fromhex(BRAND[2:]))
    return LogEntry(REGISTRY, topics, encode(["bytes"], [url]), 1, 0, "0x" + "33" * 32)


def test_text_that_is_not_utf8_on_the_ledger_stops_nobody_from_reading_on() -> None:
    deployment = Deployment(chain_id=1, block=0, addresses={"BrandRegistry": REGISTRY})
    event = decode_log(endpoint_log(b"https://a.example/\xff\xc3"), deployment)
    assert isinstance(event, EndpointSet)
    assert event.url == "https://a.example/\\xff\\xc3"
    event = decode_log(endpoint_log("https://ü.example".encode()), deployment)
    assert isinstance(event, EndpointSet)
    assert event.url == "https://ü.example"


def test_batch_that_takes_too_long_ends_with_errors_and_not_with_more_work() -> None:
    seconds = iter([0.0, 1.0, 4.0, 6.0, 7.0])
    done: list[str] = []

    def request(method: str, _: object) -> dict[str, object]:
        done.append(method)
        return {"result": None}

    batch = [{"id": number, "method": "eth_chainId"} for number in range(4)]
    answers = answer_body(batch, request, Limits(rpc_batch_seconds=5), lambda: next(seconds))
    assert len(done) == 2
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, None, -32005, -32005]
