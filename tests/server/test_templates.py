"""Every template and style sheet of the house: what the content security policy forbids, what people could not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

import jinja2
import pytest
from jinja2.ext import extract_from_ast
from markupsafe import Markup

from server.application import Application
from server.clock import now, shanghai
from server.features import FEATURES
from server.http.pages import Pages
from server.i18n import ENGLISH, SOURCE, Translations

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "server" / "static"
SHARED = ROOT / "server" / "templates"
TEMPLATES = sorted(
    path
    for floor in ("server", "realtime", "commerce", "flashsale", "live", "chat")
    for path in (ROOT / floor).rglob("templates/**/*.html")
)
SHEETS = sorted(
    path
    for floor in ("server", "commerce", "flashsale", "live", "chat")
    for path in (ROOT / floor).rglob("static/**/*.css")
    if "vendor" not in path.parts
)
TRANSLATIONS = Translations(FEATURES)
CHINESE = re.compile(r"[\u3400-\u9fff]")
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "htmx that evaluates code": re.compile(
        r"hx-on[:-]|hx-(?:vals|headers)\s*=\s*[\"']js:|hx-trigger\s*=\s*\"[^\"]*\[", re.I
    ),
    "a script without the nonce": re.compile(r"<script(?![^>]*nonce=\"\{\{ nonce \}\}\")", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}
READER = jinja2.Environment(
    extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=True,
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_has_what_the_policy_forbids(path: Path, what: str) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    found = [match.group() for match in FORBIDDEN[what].finditer(text)]
    assert not found, f"{_name(path)} has {what}: {found}"


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a style attribute", '<p class="a" style="x">'),
        ("a style element", "<STYLE>"),
        ("an inline handler", '<a onclick="x">'),
        ("a javascript: address", '<a href="javascript:x">'),
        ("htmx that evaluates code", '<a hx-on:click="x">'),
        ("htmx that evaluates code", "<a hx-vals='js:{}'>"),
        ("htmx that evaluates code", '<a hx-trigger="click[ctrlKey]">'),
        ("a script without the nonce", '<script src="x">'),
        ("something from elsewhere", '<img src="https://elsewhere.example/x">'),
    ],
)
def test_what_is_forbidden_is_found(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_text_of_a_template_is_translated(path: Path) -> None:
    english = TRANSLATIONS.of(ENGLISH)
    missing = []
    for line, function, message in extract_from_ast(READER.parse(path.read_text())):
        text = message[0] if isinstance(message, tuple) else message
        known = english.plurals if "ngettext" in function else english.texts
        if text and text not in known and CHINESE.search(text):
            missing.append(f"{_name(path)}:{line} {text}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_no_chinese_stands_outside_a_translation(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\b(?:_|gettext|ngettext)\(\s*(?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))?", "", text)
    text = text.replace('data-locale="zh-CN">中文<', "")  # a language is named in itself
    bare = [line.strip()[:100] for line in text.splitlines() if CHINESE.search(line)]
    assert not bare, f"{_name(path)}: " + " | ".join(bare)


def _pages() -> Pages:
    application = SimpleNamespace(translations=TRANSLATIONS)
    return Pages(cast(Application, application), [SHARED], {"": STATIC})


def _values(locale: str, **more: Any) -> dict[str, Any]:
    problem = SimpleNamespace(code="not_found")
    staff = SimpleNamespace(name="Xu", avatar="", shops=(1, 2), may=lambda permission: bool(permission))
    return {
        "nonce": "the-nonce",
        "csrf_token": "the-token",
        "me": None,
        "staff": staff,
        "locale": locale,
        "path": "/styleguide",
        "path_qs": "/styleguide?a=1",
        "query": {},
        "now": now(),
        "server_time": 0,
        "referrer": "",
        "static": lambda path: f"/static/{path}",
        "shanghai": shanghai,
        "ago": lambda moment: Markup("<time>-</time>"),
        "settings": SimpleNamespace(demo=True),
        "partial": False,
        "status": 404,
        "message": "-",
        "problem": problem,
        "door": "/backoffice/login?next=%2Fbackoffice",
        "layout": "base.html",
        "back": "",
        "lapsed": False,
        "above": "",
        "again": False,
    } | more


@pytest.mark.parametrize("locale", [SOURCE, ENGLISH])
@pytest.mark.parametrize("template", ["styleguide.html", "error.html", "bare.html", "console.html", "base.html"])
def test_the_shared_pages_need_no_data_and_speak_one_language(template: str, locale: str) -> None:
    text = _pages().environment_for(locale).get_template(template).render(_values(locale))
    assert f'<html lang="{locale}">' in text
    assert '<meta name="csrf-token" content="the-token"' in text
    assert all('nonce="the-nonce"' in script for script in re.findall(r"<script[^>]*>", text))
    if locale == ENGLISH:
        left = CHINESE.findall(text.replace(">中文<", "").replace("<span>凌峰</span>", ""))
        assert not left, "".join(left)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_a_refusal_says_where_to_go(status: int) -> None:
    values = _values(SOURCE, status=status, above="/backoffice/things")
    text = _pages().environment_for(SOURCE).get_template("error.html").render(values)
    assert 'class="button" href="/"' in text
    assert ("回上一级" in text) is (status == 404)  # what stands over a page that is closed is mostly closed too
    way_in = 'class="button ink" href="/backoffice/login?next=%2Fbackoffice"'
    assert (way_in in text) is (status == 401)


def _macros(moment: datetime) -> Any:
    return _pages().environment_for(SOURCE).get_template("macros/shop.html").make_module(_values(SOURCE, now=moment))


def test_a_price_shows_the_fen_only_when_there_are_any() -> None:
    price, amount = (getattr(_macros(now()), name) for name in ("price", "amount"))
    assert price(129990) == '<span class="price"><i>¥</i>1,299<i>.90</i></span>'
    assert price(28900, "big") == '<span class="price big"><i>¥</i>289</span>'
    assert ">-¥0.05<" in amount(-5)


@pytest.mark.parametrize(
    ("seconds", "short", "shown", "state"),
    [
        (90_061, False, "1 天 01:01:01", ""),
        (2_536, False, "00:42:16", ""),
        (892, True, "14:52", ""),
        (3_700, True, "01:01:40", ""),
        (59.2, False, "00:01:00", " last"),
        (0, False, "00:00:00", " over"),
        (-5, True, "00:00", " over"),
    ],
)
def test_a_countdown_is_right_before_any_script_runs(seconds: float, short: bool, shown: str, state: str) -> None:
    moment = now()
    until = moment + timedelta(seconds=seconds)
    clock = _macros(moment).clock(until, "left", short=short)
    assert re.sub(r"<[^>]+>", "", clock) == shown
    assert f'class="clock{state}"' in clock
    assert f'data-until="{int(until.timestamp() * 1000)}"' in clock


def _symbols() -> set[str]:
    tree = ElementTree.parse(STATIC / "img" / "icons.svg")
    return {element.attrib["id"] for element in tree.iter() if "id" in element.attrib}


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_icon_that_is_named_is_drawn(path: Path) -> None:
    named = re.findall(r"\bicon\(\s*['\"]([a-z-]+)['\"]", path.read_text())
    assert set(named) <= _symbols()


def test_the_styleguide_shows_every_icon() -> None:
    text = (SHARED / "styleguide_parts.html").read_text()
    shown = re.search(r'for name in "([a-z\- ]+)"\.split', text)
    assert shown
    assert set(shown.group(1).split()) == _symbols()


def _tokens() -> dict[str, tuple[str, str]]:
    text = (STATIC / "css" / "tokens.css").read_text()
    return {name: (light, dark) for name, light, dark in re.findall(r"(--[\w-]+): light-dark\((#\w+), (#\w+)\);", text)}


def test_old_web_views_get_the_light_colours() -> None:
    plain = (STATIC / "css" / "tokens.css").read_text().partition("@supports")[0]
    for name, (light, _) in _tokens().items():
        assert f"{name}: {light};" in plain


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _pairs() -> Iterator[tuple[str, str, float]]:
    for ground in ("--ground", "--surface", "--sunk"):
        for ink in ("--ink", "--ink-soft", "--ink-faint"):
            yield ink, ground, 4.5
        yield "--edge", ground, 3.0
    for ground in ("--ground", "--surface", "--act-wash"):
        yield "--price", ground, 4.5
    for ink, ground in (("--good", "--good-wash"), ("--wait", "--wait-wash"), ("--on-ink", "--ink")):
        yield ink, ground, 4.5
    for ink in ("--good", "--wait"):
        yield ink, "--surface", 4.5
    yield "--on-act", "--act", 4.5
    yield "--on-act", "--act-press", 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), list(_pairs()))
def test_colours_that_meet_can_be_read(ink: str, ground: str, least: float, scheme: str) -> None:
    tokens = _tokens() | {"--on-act": ("#fff", "#fff")}
    at = 0 if scheme == "light" else 1
    assert _contrast(tokens[ink][at], tokens[ground][at]) >= least


def test_contrast_is_computed_as_the_guidelines_say() -> None:
    assert _contrast("#000", "#fff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("path", SHEETS, ids=_name)
def test_a_sheet_uses_roles_that_exist_and_stays_at_home(path: Path) -> None:
    everything = "\n".join(sheet.read_text() for sheet in SHEETS)
    text = path.read_text()
    assert text.count("{") == text.count("}")
    assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import", text)
    defined = set(re.findall(r"(--[\w-]+)\s*:", everything))
    # --bar and --as style a part from outside and always come with what holds without them
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= defined
