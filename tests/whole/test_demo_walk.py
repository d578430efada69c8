"""Every page that the demo's pages lead to, as a guest, a member, and everybody on the staff: none is broken."""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from commerce.catalogue import demo_load
from server.application import Application
from server.http.session import COOKIES, Kind
from tests.commerce.reviews.counted import disagreements

LINK = re.compile(r"<(a|form)\b([^>]*)>")
TOWARDS = re.compile(r'\b(?:href|action)="(/[^"#]*)')
SOME_ID = re.compile(r"(?<=[/-])[0-9]+(?=$|/)")
WORD = re.compile(r"[a-z_]*")
MOST = 8
"""Ways to ask for one page that are tried; those that differ only in a number or in what was typed are one way."""
LOADS = re.compile(r"^/(static|uploads|sandbox/(?!inbox))|/export|\.(csv|xlsx)$")
"""Files, and the pages of third parties."""


def led_to(text: str) -> list[str]:
    """Return where a page's links and its forms that only ask lead, as written."""
    found = []
    for kind, attributes in LINK.findall(text):
        if kind == "form" and 'method="post"' in attributes:
            continue
        found += TOWARDS.findall(attributes)
    return [html.unescape(path) for path in found]


def shape(path: str) -> tuple[str, str]:
    """Return the page that a path asks for, and the way it asks."""
    url = URL(path, encoded=True)
    asked = (name if WORD.fullmatch(value) is None else f"{name}={value}" for name, value in url.query.items())
    return SOME_ID.sub("N", url.path), "&".join(sorted(asked))


async def walk(
    client: TestClient[Any, Any], begin: list[str], cookies: Mapping[str, str], within: str = "/"
) -> tuple[Counter[str], int]:
    """Follow links from some pages; return what did not answer as a page does, and how many did."""
    todo, broken, fine = deque(begin), Counter[str](), 0
    ways: dict[str, set[str]] = {}
    while todo:
        path = todo.popleft()
        page, way = shape(path)
        known = ways.setdefault(page, set())
        if way in known or len(known) == MOST:
            continue
        known.add(way)
        url = URL(str(client.make_url("/")).rstrip("/") + path)
        async with client.session.get(url, cookies=cookies, allow_redirects=False) as answer:
            if answer.status >= 400:
                broken[f"{answer.status} {path}"] += 1
                continue
            fine += 1
            if answer.content_type == "text/html":
                todo += [to for to in led_to(await answer.text()) if to.startswith(within) and not LOADS.search(to)]
    return broken, fine


async def test_no_page_of_the_demo_leads_to_a_broken_one(
    app: Application, client: TestClient[Any, Any], subtests: pytest.Subtests
) -> None:
    told = await demo_load.load(app, lambda _: None)
    people: list[tuple[str, Kind, int]] = []
    async with app.database.connection() as connection:
        for one in told.staff:
            who = await connection.fetchval("SELECT id FROM staff WHERE account = $1", one.account)
            people.append((one.account, Kind.STAFF, who))
        who = await connection.fetchval("SELECT id FROM members WHERE phone = $1", told.members[0].phone)
        people.append(("member", Kind.MEMBER, who))
        with subtests.test("figures of reviews"):
            assert await disagreements(connection, who) == {}
    broken, fine = await walk(client, ["/", "/?page=2", "/search?q=%E6%9D%AF", "/flash-sales"], {})
    assert (broken, fine > 60) == (Counter(), True), (broken, fine)
    for name, kind, who in people:
        async with app.database.transaction() as connection:
            issued = await app.sessions.issue(connection, kind, who, "127.0.0.1", "walk")
        begin, within = (["/backoffice"], "/backoffice") if kind is Kind.STAFF else (["/me", "/orders"], "/")
        with subtests.test(name):
            broken, fine = await walk(client, begin, {COOKIES[kind]: issued.token}, within)
            print(name, fine)
            assert (broken, fine > 5) == (Counter(), True), (broken, fine)
