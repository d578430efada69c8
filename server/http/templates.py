"""The templates of one process: compiled once, one environment a language, and what they all may use."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
import msgspec
from jinja2.bccache import Bucket
from jinja2.environment import TemplateModule
from markupsafe import Markup

from server.clock import now, shanghai, wire
from server.i18n import Translations, Translator
from server.money import yuan
from server.pictures import sized

MODULES = "_modules"
"""Under this name each page keeps the macros that it has imported."""
_LOOKED_AT = 1.0
"""Seconds that the address of a static file holds before the file is looked at again."""


class _Compiled(jinja2.BytecodeCache):
    """What templates became, kept in memory: compiling takes a page tenths of a second in which nobody is answered.

    The languages share it, and so do the applications of one process.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled from the same file with the same text."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class _Template(jinja2.Template):
    """A template whose macros are made ready once for each page, not once for each import of them.

    So macros see what the page had when it first imported them: they are told by their arguments what differs.
    """

    def make_module(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002  # the names are jinja's
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> TemplateModule:
        """Return the module of this page, made by its first import."""
        made: dict[str | None, TemplateModule] | None = vars.get(MODULES) if vars else None
        if made is None:
            return super().make_module(vars, shared, locals)
        if self.name not in made:
            made[self.name] = super().make_module(vars, shared, locals)
        return made[self.name]


class _Words:
    """The texts of one language for templates: looked up and marked as HTML once, not at every page."""

    def __init__(self, tr: Translator) -> None:
        self._tr = tr
        self._plain: dict[str, Markup] = {}
        self._known: dict[str, Markup] = {}

    def one(self, text: str, /, **values: Any) -> Markup:
        """Return a text with its places filled."""
        if not values:
            found = self._plain.get(text)
            if found is None:
                found = self._plain[text] = Markup(self._tr.gettext(text)) % {}  # noqa: S704  # our own texts
            return found
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = Markup(self._tr.gettext(text))  # noqa: S704  # our own texts
        return known % values

    def many(self, text: str, texts: str, n: int, /, **values: Any) -> Markup:
        """Return a text that counts."""
        values.setdefault("num", n)
        return Markup(self._tr.ngettext(text, texts, n)) % values  # noqa: S704  # our own texts


class Templates:
    """The environments that templates are rendered in."""

    def __init__(self, translations: Translations, folders: Sequence[Path], statics: Mapping[str, Path]) -> None:
        self._translations = translations
        self._statics = dict(statics)
        self._folders = [str(folder) for folder in folders]
        self._languages: dict[str, jinja2.Environment] = {}
        self._addresses: dict[str, tuple[str, float]] = {}

    def static(self, path: str) -> str:
        """Return the address of a static file with its digest, so that it may be cached for ever."""
        known = self._addresses.get(path)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        prefix, _, rest = path.partition("/")
        folder = self._statics.get(prefix)
        file = folder / rest if folder is not None else self._statics[""] / path
        address = f"/static/{path}?v={digest_of(file)}"
        self._addresses[path] = (address, time.monotonic() + _LOOKED_AT)
        return address

    def environment_for(self, locale: str) -> jinja2.Environment:
        """Return the environment whose texts are in ``locale``.

        Each language has its own: overlays of one would share their globals, and with them the last language's texts.
        """
        if locale not in self._languages:
            made = jinja2.Environment(
                loader=jinja2.FileSystemLoader(self._folders),
                autoescape=True,
                undefined=jinja2.StrictUndefined,
                extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                bytecode_cache=_COMPILED,
            )
            made.policies["json.dumps_function"] = _json
            made.filters |= {"yuan": yuan, "wire": wire, "sized": sized}
            tr = self._translations.of(locale)
            made.install_gettext_callables(tr.gettext, tr.ngettext, newstyle=True)  # type: ignore[attr-defined]
            words = _Words(tr)
            made.globals |= {"_": words.one, "gettext": words.one, "ngettext": words.many}
            made.template_class = _Template
            self._languages[locale] = made
        return self._languages[locale]


def ago(tr: Translator, moment: datetime) -> Markup:
    """Return ``moment`` in people's words with the exact time on hover."""
    seconds = int((now() - moment).total_seconds())
    ahead, seconds = seconds < 0, abs(seconds)
    if seconds < 60:
        words = tr("马上") if ahead else tr("刚刚")
    elif seconds < 3600:
        words = (tr("{n} 分钟后") if ahead else tr("{n} 分钟前")).format(n=seconds // 60)
    elif seconds < 86_400:
        words = (tr("{n} 小时后") if ahead else tr("{n} 小时前")).format(n=seconds // 3600)
    elif seconds < 30 * 86_400:
        words = (tr("{n} 天后") if ahead else tr("{n} 天前")).format(n=seconds // 86_400)
    else:
        words = shanghai(moment).strftime("%Y-%m-%d")
    exact = shanghai(moment).strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(wire(moment), exact, words)


def _json(value: Any, **_: Any) -> str:
    return msgspec.json.encode(value).decode()


def digest_of(file: Path) -> str:
    """Return what names the content of a static file in its address. Raises OSError."""
    known = file.stat()
    return _digest(file, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=4096)
def _digest(file: Path, changed: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
