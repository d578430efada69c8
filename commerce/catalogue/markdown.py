"""Markdown from shops made into HTML that is safe to show: rendered first, sanitised last."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "s", "del", "blockquote", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "img"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title", "width", "height"}}
_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=512)
def html(text: str) -> Markup:
    """Return ``text`` as HTML. Scripts, styles, foreign pictures and addresses other than http(s) do not survive."""
    rendered = str(_renderer.render(text))
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes={"http", "https"},
        link_rel="noopener nofollow ugc",
    )
    return Markup(clean)  # noqa: S704  # sanitised in the line above


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Keep pictures of our own site only: the content security policy would block others and leave a hole."""
    if tag == "img" and attribute == "src":
        return value if value.startswith("/") and not value.startswith("//") else None
    return value
