"""Pages that are kept for guests are never behind what they show, and each answer's own parts stay its own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from markupsafe import escape

from commerce.behaviour import Log
from server import application
from server.http import Kind
from server.http.web import web_app
from tests.commerce.catalogue.conftest import Client, Shelf

OWN = re.compile(
    r'nonce="[^"]+"|(?<=csrf-token" content=)"[^"]+"|(?<=csrf_token" value=)"[^"]+"|(?<=server-time" content=)"\d+"'
)
CHANGES = {
    "title": "UPDATE products SET title = title || '·新' WHERE id = $1",
    "text": "UPDATE products SET description = '换了一段话' WHERE id = $1",
    "price": "UPDATE skus SET price = price - 1 WHERE product_id = $1",
    "one SKU off the shelf": "UPDATE skus SET status = 'off' WHERE product_id = $1 AND position = 0",
    "sales": "UPDATE products SET sales = sales + 7 WHERE id = $1",
    "stock": ("UPDATE stock SET on_hand = allocated + 3 WHERE sku_id IN (SELECT id FROM skus WHERE product_id = $1)"),
    "a hold": (
        "INSERT INTO stock_holds (sku_id, quantity, purpose, ref, expires_at) "
        "SELECT sku_id, 2, 'test', 'test', now() + interval '1 hour' "
        "FROM stock JOIN skus ON skus.id = sku_id WHERE product_id = $1"
    ),
    "the hold given back": (
        "UPDATE stock_holds SET released_at = now() WHERE sku_id IN (SELECT id FROM skus WHERE product_id = $1)"
    ),
    "attributes": "DELETE FROM product_attributes WHERE product_id = $1",
    "the brand's name": (
        "UPDATE brands SET name = name || '·新' WHERE id = (SELECT brand_id FROM products WHERE id = $1)"
    ),
    "the shop's name": (
        "UPDATE shops SET name = name || '·新' WHERE id = (SELECT shop_id FROM products WHERE id = $1)"
    ),
    "where its shop ships from": (
        "UPDATE shops SET ships_from = '甘肃敦煌' WHERE id = (SELECT shop_id FROM products WHERE id = $1)"
    ),
    "how soon its shop ships": (
        "UPDATE shops SET ships_within = 7 WHERE id = (SELECT shop_id FROM products WHERE id = $1)"
    ),
    "sold out": ("UPDATE stock SET on_hand = allocated WHERE sku_id IN (SELECT id FROM skus WHERE product_id = $1)"),
    "the category's name": (
        "UPDATE categories SET name = name || '·新' WHERE id = (SELECT category_id FROM products WHERE id = $1)"
    ),
    "another of the shop": (
        "UPDATE products SET status = 'off' WHERE id = ("
        "SELECT max(id) FROM products WHERE id <> $1 AND status = 'on' "
        "AND shop_id = (SELECT shop_id FROM products WHERE id = $1))"
    ),
    "a price of another of the category": (
        "UPDATE skus SET price = price - 1 WHERE product_id IN (SELECT id FROM products WHERE id <> $1 "
        "AND category_id = (SELECT category_id FROM products WHERE id = $1))"
    ),
}


async def rich(shelf: Shelf) -> int:
    """Return a product that has a brand, an attribute, SKUs to choose of, and others beside it."""
    async with shelf.app.database.transaction() as connection:
        found: int = await connection.fetchval(
            """
            SELECT p.id
            FROM products AS p
            WHERE p.brand_id IS NOT NULL
                AND (SELECT count(*) FROM skus AS k WHERE k.product_id = p.id) > 2
                AND EXISTS (SELECT FROM products AS q WHERE q.category_id = p.category_id AND q.id <> p.id)
            ORDER BY p.id LIMIT 1
            """
        )
        await connection.execute(
            """
            WITH a AS (
                INSERT INTO attributes (category_id, name, kind, unit)
                SELECT category_id, '容量', 'number', 'ml' FROM products WHERE id = $1 RETURNING id
            )
            INSERT INTO product_attributes (product_id, attribute_id, number) SELECT $1, id, 330 FROM a
            """,
            found,
        )
    return found


async def page(client: Client, path: str) -> str:
    """Return a guest's page without what is each answer's own."""
    async with client.get(path) as response:
        assert response.status == 200
        return OWN.sub("", await response.text())


@pytest.fixture
async def other(shelf: Shelf) -> AsyncIterator[Client]:
    """A second process of the same site that remembers nothing."""
    app = application.build(shelf.app.settings)
    client: Client = TestClient(TestServer(web_app(app)))
    await client.start_server()
    app.kept._put = lambda *_: None  # type: ignore[method-assign]  # what it answers is always made anew
    yield client
    await client.close()


async def test_what_is_kept_is_what_would_be_made_anew(shelf: Shelf, other: Client) -> None:
    product_id = await rich(shelf)
    await shelf.change(
        "INSERT INTO stock (sku_id, on_hand) SELECT id, 50 FROM skus WHERE product_id = $1 ON CONFLICT DO NOTHING",
        product_id,
    )
    path, same = f"/products/{product_id}", set()
    before = {at: await page(shelf.client, at) for at in (path, "/")}
    for name, statement in CHANGES.items():
        hits = shelf.app.kept.hits
        assert await page(shelf.client, path) == before[path], name
        assert shelf.app.kept.hits > hits, "the page was kept"
        await shelf.change(statement, product_id)
        for at in (path, "/"):
            now = await page(shelf.client, at)
            assert now == await page(other, at), (name, at)
            if now == before[at]:
                same.add((name, at))
            before[at] = now
    assert not {name for name, at in same if at == path}, "each of them shows on the product's page"


async def test_a_product_off_the_shelf_is_gone_at_once(shelf: Shelf) -> None:
    product_id = await rich(shelf)
    await page(shelf.client, f"/products/{product_id}")
    await shelf.change("UPDATE products SET status = 'off' WHERE id = $1", product_id)
    async with shelf.client.get(f"/products/{product_id}") as response:
        assert response.status == 404


async def test_each_answer_has_a_nonce_and_a_token_of_its_own(shelf: Shelf) -> None:
    path = f"/products/{await rich(shelf)}"
    seen = []
    for visitor in ("one", "two"):
        async with shelf.client.get(path, headers={"Cookie": f"lf_visitor={visitor}-0123456789"}) as response:
            text = await response.text()
            nonces = set(re.findall(r'nonce="([^"]+)"', text))
            assert len(nonces) == 1
            (nonce,) = nonces
            assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]
            tokens = set(re.findall(r'csrf-token" content="([^"]+)"', text))
            assert tokens == {shelf.app.sessions.csrf(f"{visitor}-0123456789")}
            seen.append(nonce)
    assert len(set(seen)) == 2
    async with shelf.client.get(path) as response:
        assert response.cookies["lf_visitor"].value, "who has no token yet is given one"


async def test_languages_choices_and_members_are_kept_apart(shelf: Shelf) -> None:
    product_id = await rich(shelf)
    path = f"/products/{product_id}"
    chinese = await shelf.page(path)
    english = await shelf.page(path, headers={"Accept-Language": "en"})
    assert 'lang="zh-CN"' in chinese
    assert 'lang="en"' in english
    async with shelf.app.database.connection() as connection:
        skus = [row["id"] for row in await connection.fetch("SELECT id FROM skus WHERE product_id = $1", product_id)]
    assert len({OWN.sub("", await shelf.page(f"{path}?sku={sku}")) for sku in skus}) == len(skus)


VISITORS = {
    "a guest": {},
    "an English one": {"Accept-Language": "en-GB,en;q=0.9"},
    "one who chose English": {"Cookie": "lf_locale=en", "Accept-Language": "zh"},
    "one who agreed": {"Cookie": f"lf_consent=all; lf_trace={'b' * 32}"},
    "one who did not": {"Cookie": "lf_consent=necessary"},
    "one whose browser says no": {"Sec-GPC": "1"},
    "one with a session that ended": {"Cookie": "lf_member=no-such-session; lf_visitor=someone"},
    "a crawler": {"User-Agent": "Googlebot/2.1"},
    "a part of the page": {"HX-Request": "true"},
    "one led here": {"Referer": 'http://two.example/?"><script>alert(1)</script>'},
}
ITS_OWN = {"Date", "Content-Security-Policy", "Set-Cookie", "X-Request-ID"}
COOKIE = re.compile(r"=[^;]*")


async def test_nobody_is_shown_what_was_made_for_another_kind_of_visitor(shelf: Shelf, other: Client) -> None:
    """Whoever came before, each gets the page, the headers and the cookies that a process without memory gives."""
    product_id = await rich(shelf)
    async with shelf.app.database.transaction() as connection:
        member = await connection.fetchval(
            "INSERT INTO members (phone, nickname) VALUES ('13800000001', '阿远') RETURNING id"
        )
        issued = await shelf.app.sessions.issue(connection, Kind.MEMBER, member, "127.0.0.1", "test")
    visitors = VISITORS | {"a member": {"Cookie": f"lf_member={issued.token}"}}
    agent = {"User-Agent": "Mozilla/5.0 Firefox/140.0"}

    async def answer(client: Client, method: str, path: str, headers: dict[str, str]) -> tuple[object, ...]:
        client.session.cookie_jar.clear()
        async with client.request(method, path, headers=agent | headers) as response:
            told = {name: value for name, value in response.headers.items() if name not in ITS_OWN}
            cookies = sorted((name, COOKIE.sub("", str(one), 1)) for name, one in response.cookies.items())
            policy = re.sub("nonce-[^']+", "", response.headers["Content-Security-Policy"])
            return response.status, told, [name for name, _ in cookies], policy, OWN.sub("", await response.text())

    for path in (f"/products/{product_id}?sku=1&x=%3Cb%3E", "/"):
        for method in ("GET", "GET", "HEAD"):
            for name, headers in visitors.items():
                kept = await answer(shelf.client, method, path, headers)
                assert kept == await answer(other, method, path, headers), (name, method, path)
    assert shelf.app.kept.hits > 20


async def test_a_view_is_noted_whether_the_page_was_made_or_kept(shelf: Shelf) -> None:
    path = f"/products/{await rich(shelf)}"
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    agreed = agent | {"Cookie": f"lf_consent=all; lf_trace={'a' * 32}"}
    for number in range(1, 4):
        await shelf.page(path, headers=agreed)
        assert await noted(shelf) == number
    assert shelf.app.kept.hits > 0
    banner = await shelf.page(path, headers=agent)
    assert await noted(shelf) == 3, "who has not agreed is not noted"
    assert "lf_trace" not in banner
    assert 'name="choice"' in banner, "and is asked, though the page is kept for others"


async def noted(shelf: Shelf) -> int:
    """Return the views that were noted."""
    await shelf.app.resource(Log).flush()
    async with shelf.app.database.connection() as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM behaviour_events WHERE kind = 'view_product'")
    return found


async def test_the_page_before_is_each_answers_own(shelf: Shelf) -> None:
    path = f"/products/{await rich(shelf)}"
    for led in ("http://one.example/a?b=1&c=2", 'http://two.example/"><b>'):
        text = await shelf.page(path, headers={"Referer": led, "User-Agent": "Mozilla/5.0 Firefox/140.0"})
        assert f'name="referrer" value="{escape(led)}"' in text
