"""Templates: Jinja2 with escaping always on and undefined names an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from countermark_node.pages.texts import PageTexts


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("countermark_node.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(template: str, texts: PageTexts, **values: Any) -> str:
    """The whole page. Every value is encoded for the place it lands in."""
    return _templates().get_template(template).render(t=texts, language=texts.language, **values)


def language_links(query: str) -> Mapping[str, str]:
    """For each language the address of the same page in it; `query` comes without a language of its own."""
    return {language: f"?{query}&lang={language}" if query else f"?lang={language}" for language in ("en", "zh")}
