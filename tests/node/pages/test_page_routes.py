"""The pages over HTTP: what a link opens, under which name, in which language, and what a bad one gets."""

from __future__ import annotations

import re
from html import unescape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from countermark_node.pages.static_files import static_files

if TYPE_CHECKING:
    from tests.node.pages.conftest import MakeClient, PlainBrowser, PrintedLabel


def _path(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def _verdict(page: str) -> str | None:
    found = re.search(r'<article class="report" data-verdict="([a-z-]+)"', page)
    return found and found.group(1)


def test_printed_link_opens_its_verdict_with_product_and_ten_checks(
    client: PlainBrowser, genuine: PrintedLabel
) -> None:
    answer = client.get(_path(genuine.link), headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert _verdict(answer.text) == "label-genuine"
    assert "The label is genuine" in answer.text
    assert "Example Brand" in answer.text
    assert re.findall(r'data-check="(\d+)"', answer.text) == [str(number) for number in range(1, 11)]


def test_verified_link_is_the_printed_one_byte_for_byte(client: PlainBrowser, genuine: PrintedLabel) -> None:
    page = client.get(_path(genuine.link) + "&lang=zh").text
    shown = re.search(r'data-printed="([^"]*)"', page)
    assert shown
    assert unescape(shown.group(1)) == genuine.link


def test_markup_in_serial_and_product_is_shown_as_text(client: PlainBrowser, genuine: PrintedLabel) -> None:
    page = client.get(_path(genuine.link)).text
    assert "<b>" not in page
    assert "<script>" not in page
    assert "&lt;b&gt;" in page
    assert unescape(page).count('Blanket "<script>" & sons') == 1


def test_genuine_link_served_under_a_foreign_name_is_not_genuine(
    make_client: MakeClient, genuine: PrintedLabel
) -> None:
    page = make_client(base_url="https://phish.example", public_host="id.brand.example").get(_path(genuine.link)).text
    assert _verdict(page) == "label-not-genuine"


def test_forwarded_host_of_a_client_is_not_believed(make_client: MakeClient, genuine: PrintedLabel) -> None:
    client = make_client(base_url="https://phish.example")
    headers = {"x-forwarded-host": "id.brand.example", "forwarded": "host=id.brand.example"}
    assert _verdict(client.get(_path(genuine.link), headers=headers).text) == "label-not-genuine"


def test_link_opened_on_this_machine_stands_for_the_configured_host(
    make_client: MakeClient, genuine: PrintedLabel
) -> None:
    client = make_client(base_url="http://127.0.0.1:8750", public_host="id.brand.example")
    assert _verdict(client.get(_path(genuine.link)).text) == "label-genuine"


def test_strangers_label_is_not_genuine_and_the_page_opens_the_reasons(
    client: PlainBrowser, genuine: PrintedLabel, strangers: PrintedLabel
) -> None:
    page = client.get(_path(strangers.link)).text
    assert _verdict(page) == "label-not-genuine"
    assert '<details data-part="checks" open>' in page
    assert '<details data-part="checks" open>' not in client.get(_path(genuine.link)).text


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/01/09521234000014/21/A", 400, "wrong-check-digit"),
        ("/01/09521234000013", 404, "truncated-link"),
        ("/01/09521234000013/21", 400, "truncated-link"),
        ("/01/09521234000013/21/A/x", 400, "truncated-link"),
        ("/01/", 400, "truncated-link"),
        ("/01/09521234000013/21/%F0%9F%92%A9", 400, "bad-escape"),
        ("/01/09521234000013/21/%zz", 400, "bad-escape"),
        ("/01/09521234000013/21/A?s=1&s=2", 400, "bad-query"),
        ("/01/09521234000013/21/" + "A" * 3_000, 413, "label-too-long"),
    ],
)
def test_bad_link_gets_plain_words_and_its_status(client: PlainBrowser, path: str, status: int, reason: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert reason in answer.text
    assert _verdict(answer.text) is None
    assert "Traceback" not in answer.text


def test_too_many_visits_from_one_network_are_told_to_wait(make_client: MakeClient, genuine: PrintedLabel) -> None:
    client = make_client(visits_per_minute=2)
    statuses = [client.get(_path(genuine.link)).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert int(client.get(_path(genuine.link)).headers["retry-after"]) > 0


def test_head_answers_as_get_does_without_a_body(client: PlainBrowser, genuine: PrintedLabel) -> None:
    for path in ("/", "/scan", "/customs", "/desk", _path(genuine.link), "/static/page.css"):
        answer = client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""


def test_machine_that_accepts_only_json_gets_the_report(client: PlainBrowser, genuine: PrintedLabel) -> None:
    answer = client.get(_path(genuine.link), headers={"accept": "application/json"})
    assert answer.json()["verdict"] == "label-genuine"
    assert answer.json()["item"] == {"gtin": genuine.item.gtin, "serial": genuine.item.serial, "lot": "L1"}


def test_language_follows_the_address_then_the_browser(client: PlainBrowser, genuine: PrintedLabel) -> None:
    path = _path(genuine.link)
    assert '<html lang="en">' in client.get(path).text
    assert '<html lang="zh">' in client.get(path, headers={"accept-language": "zh-CN,zh;q=0.9"}).text
    chinese = client.get(path + "&lang=zh").text
    assert "标签" in chinese
    assert _verdict(chinese) == "label-genuine"


def test_language_link_keeps_the_signature(client: PlainBrowser, genuine: PrintedLabel) -> None:
    page = client.get(_path(genuine.link)).text
    other = re.search(r'hreflang="zh" href="([^"]*)"', page)
    assert other
    query = genuine.link.partition("?")[2]
    assert unescape(other.group(1)) == f"?{query}&lang=zh"


@pytest.mark.parametrize(
    ("path", "camera", "place"),
    [("/", "()", "()"), ("/scan", "(self)", "(self)"), ("/customs", "()", "()"), ("/desk", "()", "()")],
)
def test_only_the_scanner_page_may_ask_for_the_camera(client: PlainBrowser, path: str, camera: str, place: str) -> None:
    headers = client.get(path).headers
    assert f"camera={camera}, geolocation={place}" in headers["permissions-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_verdict_page_may_ask_for_the_place_but_never_the_camera(client: PlainBrowser, genuine: PrintedLabel) -> None:
    assert "camera=(), geolocation=(self)" in client.get(_path(genuine.link)).headers["permissions-policy"]


def test_verdict_and_scanner_pages_ask_for_no_password_or_payment(client: PlainBrowser, genuine: PrintedLabel) -> None:
    for path in (_path(genuine.link), "/scan", "/"):
        page = client.get(path).text
        assert 'type="password"' not in page
        assert not re.search(r'name="(?:pin|card|code|email|phone)"', page)


def test_customs_page_shows_the_desk_only_to_a_session(client: PlainBrowser) -> None:
    assert 'data-signed-in="no" hidden' in client.get("/customs").text
    assert 'data-signed-in="yes">' in client.get("/customs", headers={"cookie": "countermark_session=open"}).text


def test_customs_key_can_never_land_in_an_address(client: PlainBrowser) -> None:
    assert '<form id="log-in-form" method="post" action="/v1/sessions">' in client.get("/customs").text


def test_every_file_a_page_names_is_served(client: PlainBrowser, genuine: PrintedLabel) -> None:
    named = set()
    for path in ("/", "/scan", "/customs", "/desk", _path(genuine.link)):
        named |= set(re.findall(r'(?:src|href)="/static/([^"]+)"', client.get(path).text))
    assert {PurePosixPath(name).suffix for name in named} == {".css", ".js", ".svg"}
    for name in named:
        assert client.get(f"/static/{name}").status_code == 200


def test_unchanged_file_is_not_sent_again(client: PlainBrowser) -> None:
    first = client.get("/static/page.css")
    again = client.get("/static/page.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["..%2Froutes.py", "%2e%2e/routes.py", "page.css%00", "en.json", "nothing.js"])
def test_nothing_but_the_listed_files_is_served(client: PlainBrowser, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
    assert name not in static_files()
