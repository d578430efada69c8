"""Two languages: zh_CN is the source and its own key; en is complete (a test holds it).

Each feature keeps ``locale/en.po``; all are read at start and answer together.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from aiohttp import web
from babel.messages.pofile import read_po

SOURCE, ENGLISH = "zh-CN", "en"
LOCALES = (SOURCE, ENGLISH)
COOKIE = "lf_locale"


class Translator(msgspec.Struct, frozen=True):
    """Turns a source text into one language. Unknown texts come back as they are."""

    locale: str
    texts: Mapping[str, str]
    plurals: Mapping[str, tuple[str, str]]

    def __call__(self, text: str) -> str:
        """Return ``text`` in this language."""
        return self.texts.get(text, text)

    def gettext(self, text: str) -> str:
        """Return ``text`` in this language, for Jinja's i18n extension."""
        return self.texts.get(text, text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the form of ``one`` that fits ``count``; Chinese has one form."""
        forms = self.plurals.get(one)
        if forms is None:
            return one if count == 1 else many
        return forms[0] if count == 1 else forms[1]


class Translations:
    """The texts of every feature."""

    def __init__(self, packages: Sequence[str]) -> None:
        texts: dict[str, str] = {}
        plurals: dict[str, tuple[str, str]] = {}
        for path in catalogues(packages):
            texts |= _read(path)[0]
            plurals |= _read(path)[1]
        self.source = Translator(SOURCE, {}, {})
        self.english = Translator(ENGLISH, texts, plurals)

    def of(self, locale: str) -> Translator:
        """Return the translator of ``locale``; anything that is not English reads Chinese."""
        return self.english if locale.lower().startswith("en") else self.source

    def negotiate(self, request: web.BaseRequest) -> Translator:
        """Return the translator for a request: the language cookie, else Accept-Language, else Chinese."""
        chosen = request.cookies.get(COOKIE)
        if chosen in LOCALES:
            return self.of(chosen)
        header = request.headers.get("Accept-Language", "")
        return self.of(_preferred(header)) if header else self.source


@cache
def _read(path: Path) -> tuple[Mapping[str, str], Mapping[str, tuple[str, str]]]:
    """Return a catalogue's texts and its plurals, read once however many applications a process builds."""
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, str]] = {}
    with path.open("rb") as file:
        for message in read_po(file, locale="en"):
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, (tuple, list)):
                forms = tuple(message.string or ())
                plurals[message.id[0]] = (forms[0], forms[-1])
            elif message.string:
                texts[str(message.id)] = str(message.string)
    return texts, plurals


@lru_cache(maxsize=512)
def _preferred(header: str) -> str:
    """Return the language of an Accept-Language header that weighs most and that we speak."""
    best, weight = SOURCE, 0.0
    for part in header.split(",")[:10]:
        tag, _, parameter = part.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            given = float(value) if name == "q" else 1.0
        except ValueError:
            given = 0.0
        language = tag.strip().lower().partition("-")[0]
        if language in ("zh", "en") and given > weight:
            best, weight = (SOURCE if language == "zh" else ENGLISH), given
    return best


def catalogues(packages: Sequence[str]) -> list[Path]:
    """Return the English catalogues of ``packages``."""
    paths = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if (path := Path(folder) / "locale" / "en.po").is_file():
                paths.append(path)
    return paths
