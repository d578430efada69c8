"""Somebody of the staff in a browser without a script, and the fields of its forms."""

from __future__ import annotations

import html
import re
from typing import Any

from tests.commerce.catalogue.conftest import Shelf

_INPUT = re.compile(r"<input ([^>]*)>")


_AREA = re.compile(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', re.S)


_SELECT = re.compile(r'<select name="([^"]+)"[^>]*>(.*?)</select>', re.S)


def fields(page: str) -> dict[str, Any]:
    """Return what a browser would post of the editor's form as it stands."""
    found: dict[str, Any] = {}
    form = page[page.index('id="editor"') : page.index("</aside></form>")]
    for part in re.split(r"<template.*?</template>", form, flags=re.S):
        for attributes in _INPUT.findall(part):
            name = re.search(r'name="([^"]+)"', attributes)
            value = re.search(r'value="([^"]*)"', attributes)
            boxed = 'type="checkbox"' in attributes
            if name and (not boxed or "checked" in attributes) and 'type="file"' not in attributes:
                found.setdefault(name[1], []).append(html.unescape(value[1] if value else ""))
        for name_, text in _AREA.findall(part):
            found[name_] = [html.unescape(text)]
        for name_, options in _SELECT.findall(part):
            chosen = re.search(r'<option value="([^"]*)" selected', options)
            found[name_] = [html.unescape(chosen[1])] if chosen else [""]
    return found


class Browser:
    """Somebody of the staff in a browser."""

    def __init__(self, shelf: Shelf, headers: dict[str, str]) -> None:
        token = headers["Authorization"].removeprefix("Bearer ")
        self.shelf, self.cookies = shelf, {"Cookie": f"lf_staff={token}"}

    async def open(self, path: str) -> dict[str, Any]:
        """Return the fields of the form at an address."""
        return fields(await self.shelf.page(path, headers=self.cookies))

    async def post(self, path: str, form: dict[str, Any]) -> tuple[int, str, str]:
        """Return status, place and text of the answer to a form."""
        async with self.shelf.client.post(path, data=form, headers=self.cookies, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()


def row_of(form: dict[str, Any], code: str) -> int:
    """Return the number of the row with a SKU's code."""
    return next(int(name.split(".")[1]) for name, value in form.items() if name.endswith(".code") and value == [code])
