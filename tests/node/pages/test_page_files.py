"""The files of the pages keep to the content security policy by themselves: nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from countermark_node.pages.headers import content_security_policy, page_headers
from countermark_node.pages.static_files import static_files

_INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=\"/static/)", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"""(?:src|href|action|from|import|fetch\(|url\()\s*=?\s*["'`(]?(?:https?:)?//""", re.IGNORECASE
)
_TEXT_BECOMES_CODE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|createContextualFragment|DOMParser|srcdoc"
)


def _texts(folder: str) -> dict[str, str]:
    entries = resources.files("countermark_node.pages").joinpath(folder).iterdir()
    return {entry.name: entry.read_text("utf-8") for entry in entries}


@pytest.mark.parametrize("name", sorted(_texts("templates")))
def test_template_has_no_inline_script_or_style_and_switches_no_escaping_off(name: str) -> None:
    text = _texts("templates")[name]
    assert not _INLINE.search(text)
    assert not re.search(r"\|\s*safe|autoescape|Markup", text)


@pytest.mark.parametrize("name", sorted(_texts("static")))
def test_static_file_is_served_and_reaches_for_nothing_elsewhere(name: str) -> None:
    text = _texts("static")[name]
    assert name in static_files()
    assert not _ELSEWHERE.search(text)
    assert not _TEXT_BECOMES_CODE.search(text)


def test_templates_reach_for_nothing_elsewhere() -> None:
    assert [name for name, text in _texts("templates").items() if _ELSEWHERE.search(text)] == []


def test_policy_lets_a_page_run_and_fetch_only_what_this_node_serves() -> None:
    policy = dict(part.split(" ", 1) for part in content_security_policy().split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in content_security_policy()


def test_browser_features_are_off_unless_a_page_names_them() -> None:
    assert "camera=(), geolocation=()" in page_headers(language="en")["Permissions-Policy"]
    assert page_headers("camera", language="en")["Permissions-Policy"].startswith("camera=(self), geolocation=()")
