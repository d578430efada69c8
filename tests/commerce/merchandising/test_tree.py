"""Categories, brands and attributes: what is renamed or merged stays to be found, what is used stays."""

from __future__ import annotations

import html
import re
from functools import partial
from typing import Any

import msgspec
import pytest

from commerce.merchandising import brands
from commerce.merchandising.save import Who
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser

Staff = dict[str, dict[str, str]]
CATEGORIES, BRANDS, API = "/backoffice/categories", "/backoffice/brands", "/api/v1/backoffice"


class Desk(Browser):
    """Somebody who keeps the tree."""

    async def send(self, path: str, status: int = 303, **form: Any) -> str:
        """Post a form and return where it leads, or the page."""
        token = self.cookies["Cookie"].partition("=")[2]
        form["csrf_token"] = self.shelf.app.sessions.csrf(token)
        got, place, text = await self.post(path, form)
        assert got == status, text[:600]
        return place or text

    async def row(self, query: str, *values: Any) -> Any:
        """Return one row of the database."""
        async with self.shelf.app.database.connection() as connection:
            return await connection.fetchrow(query, *values)

    async def value(self, query: str, *values: Any) -> Any:
        """Return one value of the database."""
        async with self.shelf.app.database.connection() as connection:
            return await connection.fetchval(query, *values)


@pytest.fixture
def desk(shelf: Shelf, staff: Staff) -> Desk:
    return Desk(shelf, staff["admin"])


async def test_shops_do_not_keep_the_tree(shelf: Shelf, staff: Staff) -> None:
    for path in (CATEGORIES, BRANDS):
        async with shelf.client.get(path, headers=staff["shop1"]) as response:
            assert response.status == 403
    tree = await shelf.get(f"{API}/categories", headers=staff["shop1"])
    assert {"家居", "水杯"} <= {node["name"] for node in tree}


async def test_a_category_is_added_renamed_moved_and_removed(shelf: Shelf, desk: Desk) -> None:
    place = await desk.send(CATEGORIES, name="花草")
    made = int(place.rpartition("=")[2])
    under = int((await desk.send(CATEGORIES, name="多肉", parent_id=str(made))).rpartition("=")[2])
    await desk.send(f"{CATEGORIES}/{under}", name="多肉植物", slug="succulents", parent_id=str(made))
    old = await desk.value("SELECT slug FROM old_slugs WHERE target_id = $1", under)
    async with shelf.client.get(f"/categories/{old}?sort=newest", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (301, "/categories/succulents?sort=newest")
    assert "同一级已有这个分类" in await desk.send(CATEGORIES, 422, name="花草")
    cups = await desk.value("SELECT category_id FROM products WHERE slug = 'bottle'")
    for form in ({"name": "杯盖", "parent_id": str(cups)}, {"name": "x" * 21}, {}):
        await desk.send(CATEGORIES, 422, **form)
    home = await desk.value("SELECT parent_id FROM categories WHERE id = $1", cups)
    text = await desk.send(f"{CATEGORIES}/{home}", 422, name="家居", slug="home-x", parent_id=str(under))
    assert "最多三级" in text
    await desk.send(f"{CATEGORIES}/{made}", 422, name="花草", slug="plants", parent_id=str(under))
    await desk.send(f"{CATEGORIES}/{made}", 422, do="remove")
    await desk.send(f"{CATEGORIES}/{cups}", 422, do="remove")
    await desk.send(f"{CATEGORIES}/{under}", do="remove")
    await desk.send(f"{CATEGORIES}/{made}", do="remove")
    audit = "SELECT array_agg(kind ORDER BY id) FROM staff_audit WHERE kind LIKE 'category%'"
    assert await desk.value(audit) == [
        *("category_added", "category_added", "category_changed", "category_removed", "category_removed"),
    ]


async def test_sisters_change_places(shelf: Shelf, desk: Desk) -> None:
    async def order() -> list[int]:
        found: list[int] = await desk.value(
            "SELECT array_agg(id ORDER BY position, id) FROM categories WHERE parent_id IS NULL"
        )
        return found

    first = await order()
    await desk.send(f"{CATEGORIES}/{first[0]}", do="down")
    assert await order() == [first[1], first[0], *first[2:]]
    await desk.send(f"{CATEGORIES}/{first[-1]}", do="before", before=str(first[1]))
    assert await order() == [first[-1], first[1], first[0], *first[2:-1]]
    child = await desk.value("SELECT id FROM categories WHERE parent_id = $1 LIMIT 1", first[0])
    await desk.send(f"{CATEGORIES}/{child}", 422, do="before", before=str(first[1]))
    assert len(await shelf.get(f"{API}/categories", headers={"Cookie": desk.cookies["Cookie"]})) > len(first)


async def test_merged_categories_keep_products_attributes_and_addresses(shelf: Shelf, desk: Desk) -> None:
    bottle = await shelf.product("bottle")
    cups = await desk.value("SELECT category_id FROM products WHERE id = $1", bottle)
    slug = await desk.value("SELECT slug FROM categories WHERE id = $1", cups)
    tea = await desk.value(
        "SELECT id FROM categories AS c WHERE id <> $1 AND NOT EXISTS (SELECT FROM categories WHERE parent_id = c.id)"
        " AND NOT EXISTS (SELECT FROM attributes WHERE category_id = c.id)",
        cups,
    ) or int((await desk.send(CATEGORIES, name="新的")).rpartition("=")[2])
    for category in (cups, tea):
        await desk.send(f"{CATEGORIES}/{category}/attributes", name="杯口", kind="choice", values="宽、窄")
    await desk.send(f"{CATEGORIES}/{cups}/attributes", name="杯重", kind="number", unit="g", filterable="1")
    whole = await shelf.get(f"{API}/categories/{cups}", headers=desk.cookies)
    ids = {one["name"]: one["id"] for one in whole["attributes"]}
    body = {"attributes": {ids["杯口"]: ["宽"], ids["杯重"]: ["286.50"]}}
    csrf = shelf.app.sessions.csrf(desk.cookies["Cookie"].partition("=")[2])
    headers = desk.cookies | {"X-CSRF-Token": csrf}
    async with shelf.client.patch(f"{API}/products/{bottle}", json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
    for wrong in ({ids["杯口"]: ["没有"]}, {ids["杯重"]: ["重"]}, {"999999": ["x"]}):
        async with shelf.client.patch(
            f"{API}/products/{bottle}", json={"attributes": wrong}, headers=headers
        ) as response:
            assert response.status == 422, wrong
    count = await desk.value("SELECT count(*) FROM products WHERE category_id = $1", cups)
    before = await desk.value("SELECT count(*) FROM products WHERE category_id = $1", tea)
    await desk.send(f"{CATEGORIES}/{cups}", do="merge", into=str(tea))
    assert await desk.value("SELECT count(*) FROM products WHERE category_id = $1", tea) == before + count
    kept = await shelf.get(f"{API}/products/{bottle}", headers=desk.cookies)
    whole = await shelf.get(f"{API}/categories/{tea}", headers=desk.cookies)
    names = {one["id"]: one["name"] for one in whole["attributes"]}
    chosen = {names[attribute]: texts for attribute, texts in kept["attributes"].items()}
    assert (chosen["杯口"], chosen["杯重"]) == (["宽"], ["286.5"])
    async with shelf.client.get(f"/categories/{slug}", allow_redirects=False) as response:
        assert response.status == 301
    history = await shelf.page(f"/backoffice/products/{bottle}/history", headers=desk.cookies)
    assert "合并分类或品牌" in history


async def test_values_that_are_used_stay_and_follow_their_names(shelf: Shelf, desk: Desk) -> None:
    bottle = await shelf.product("bottle")
    cups = await desk.value("SELECT category_id FROM products WHERE id = $1", bottle)
    path = f"{CATEGORIES}/{cups}/attributes"
    await desk.send(path, name="杯口", kind="choice", values="宽、窄、斜")
    one = await desk.value("SELECT id FROM attributes WHERE name = '杯口'")
    await shelf.change(
        "INSERT INTO product_attributes (product_id, attribute_id, value_id)"
        " SELECT $1, attribute_id, id FROM attribute_values WHERE attribute_id = $2 AND value = '窄'",
        bottle,
        one,
    )
    await desk.send(path, attribute_id=str(one), name="杯口", values="宽、很窄、斜")
    kept = await shelf.get(f"{API}/products/{bottle}", headers=desk.cookies)
    assert kept["attributes"][str(one)] == ["很窄"]
    assert "有商品在用，没有去掉：很窄" in await desk.send(path, 422, attribute_id=str(one), name="杯口", values="宽")
    assert "里面还有商品" in await desk.send(path, 422, attribute_id=str(one), do="remove")
    assert "已有同名属性" in await desk.send(path, 422, name="杯口", values="甲")
    await desk.send(path, name="产地", kind="choice", values="甲")
    await desk.send(path, attribute_id=str(await desk.value("SELECT id FROM attributes WHERE name = '产地'")), do="up")
    whole = await shelf.get(f"{API}/categories/{cups}", headers=desk.cookies)
    assert [each["name"] for each in whole["attributes"]][-2:] == ["产地", "杯口"]
    page = await shelf.page(f"/backoffice/products/{bottle}", headers=desk.cookies)
    assert re.search(rf'name="attributes.{one}" value="很窄" checked', page)


async def test_brands_are_added_renamed_merged_and_removed(shelf: Shelf, desk: Desk) -> None:
    await desk.send(BRANDS, name="新牌")
    made = await desk.value("SELECT id FROM brands WHERE name = '新牌'")
    await desk.send(f"{BRANDS}/{made}", name="新牌子", slug="new-brand")
    await desk.send(BRANDS, 422, name="")
    brand = await desk.value("SELECT brand_id FROM products WHERE slug = 'bottle'")
    slug = await desk.value("SELECT slug FROM brands WHERE id = $1", brand)
    await desk.send(f"{BRANDS}/{brand}", 422, do="remove")
    await desk.send(f"{BRANDS}/{brand}", 422, do="merge", into=str(brand))
    await desk.send(f"{BRANDS}/{brand}", do="merge", into=str(made))
    kept = await shelf.get(f"{API}/products/{await shelf.product('bottle')}", headers=desk.cookies)
    assert (kept["brand_id"], kept["version"]) == (str(made), 2)
    async with shelf.client.get(f"/products?brand={slug}", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (301, "/products?brand=new-brand")
    assert "新牌子" in await shelf.page(f"{BRANDS}?q=新牌", headers=desk.cookies)
    await desk.send(BRANDS, name="没人用")
    unused = await desk.value("SELECT id FROM brands WHERE name = '没人用'")
    await desk.send(f"{BRANDS}/{unused}", do="remove")
    await desk.send(f"{BRANDS}/999999", 404, do="remove")


async def test_a_product_outlives_the_move_of_its_category(shelf: Shelf, staff: Staff, desk: Desk) -> None:
    bottle = await shelf.product("bottle")
    path = f"{API}/products/{bottle}"
    cups = await desk.value("SELECT category_id FROM products WHERE id = $1", bottle)
    home = await desk.value("SELECT parent_id FROM categories WHERE id = $1", cups)
    made = (await desk.send(CATEGORIES, name="别处")).rpartition("=")[2]
    await desk.send(f"{CATEGORIES}/{home}/attributes", name="产地", kind="choice", values="甲、乙")
    one = str(await desk.value("SELECT id FROM attributes WHERE name = '产地'"))
    async with shelf.client.patch(path, json={"attributes": {one: ["甲"]}}, headers=staff["admin"]) as response:
        assert response.status == 200
    node = await shelf.get(f"{API}/categories/{cups}", headers=staff["admin"])
    await desk.send(f"{CATEGORIES}/{cups}", name=node["name"], slug=node["slug"], parent_id=made)
    for body, status in (({"status": "off"}, 200), ({"attributes": {one: ["乙"]}}, 422)):
        async with shelf.client.patch(path, json=body, headers=staff["admin"]) as response:
            assert response.status == status, await response.text()
    form = await desk.open(f"/backoffice/products/{bottle}")
    assert (await desk.post(f"/backoffice/products/{bottle}", form))[1].endswith("saved=0")
    await desk.send(f"{CATEGORIES}/{cups}", name=node["name"], slug=node["slug"], parent_id=str(home))
    assert (await shelf.get(path, headers=staff["admin"]))["attributes"][one] == ["甲"]


async def test_numbers_are_kept_as_they_are_read(shelf: Shelf, staff: Staff, desk: Desk) -> None:
    bottle = await shelf.product("bottle")
    cups = await desk.value("SELECT category_id FROM products WHERE id = $1", bottle)
    await desk.send(f"{CATEGORIES}/{cups}/attributes", name="杯重", kind="number", unit="g")
    one = str(await desk.value("SELECT id FROM attributes WHERE name = '杯重'"))
    for text, kept in (
        ("１２", None),
        ("1_0", None),
        ("1e2", None),
        ("1.00001", None),
        ("012.50", "12.5"),
        ("-0", "0"),
    ):
        async with shelf.client.patch(
            f"{API}/products/{bottle}", json={"attributes": {one: [text]}}, headers=staff["admin"]
        ) as response:
            told = await response.json()
            assert response.status == (422 if kept is None else 200), (text, told)
            assert kept is None or told["attributes"][one] == [kept]
            assert kept is None or await shelf.get(f"{API}/products/{bottle}", headers=staff["admin"]) == told


def _heard(asked: list[str], query: Any) -> None:
    asked.append(query.query)


async def test_a_merge_takes_as_many_statements_for_many_products_as_for_few(shelf: Shelf, desk: Desk) -> None:
    async with shelf.app.database.transaction() as connection:
        staff_id = await connection.fetchval("SELECT id FROM staff WHERE account = 'admin'")
        who = Who(staff_id=staff_id, shops=None, say=str)
        one, many, into = [await brands.save(connection, None, name, "", who) for name in ("一", "众", "总")]
        await connection.execute("UPDATE products SET brand_id = $1", many)
        await connection.execute("UPDATE products SET brand_id = $1 WHERE slug = 'bottle'", one)
        raw: Any = connection
        taken: list[int] = []
        for brand in (one, many):
            asked: list[str] = []
            with raw.query_logger(partial(_heard, asked)):
                await brands.merge(connection, brand, into, who)
            taken.append(len(asked))
        assert taken[1] <= taken[0]  # the first also asks about types
        told = await connection.fetch("SELECT id, payload FROM events WHERE kind = 'catalogue.product_changed'")
        assert len(told) == 60
        jobs = await connection.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'events.deliver'")
        waiting = {msgspec.json.decode(job["payload"])["payload"]["event_id"] for job in jobs}
        assert {row["id"] for row in told} <= waiting


async def test_every_note_belongs_to_one_field(shelf: Shelf, desk: Desk) -> None:
    """Forms of one page have fields of one name; what stands below each is told apart."""
    bottles = await desk.value("SELECT category_id FROM products WHERE slug = 'bottle'")
    for name in ("甲", "乙"):
        await desk.send(f"{CATEGORIES}/{bottles}/attributes", name=name, kind="choice", values="一、二")
    for path in (f"{CATEGORIES}?id={bottles}", BRANDS, "/backoffice/delivery"):
        page = await shelf.page(path, headers=desk.cookies)
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path
        described = re.findall(r'aria-describedby="([^"]+)"', page)
        assert described
        assert set(described) <= set(ids), path


async def test_what_was_typed_stays_where_it_is_refused(shelf: Shelf, desk: Desk) -> None:
    cups = await desk.value("SELECT category_id FROM products WHERE slug = 'bottle'")
    brand = await desk.value("SELECT brand_id FROM products WHERE slug = 'bottle'")
    long = "又长" * 11 + "<i>"
    for path, form in (
        (CATEGORIES, {"name": long}),
        (f"{CATEGORIES}/{cups}", {"name": long, "slug": "cups-and-more"}),
        (f"{CATEGORIES}/{cups}/attributes", {"name": long, "kind": "choice", "values": "甲、乙、丙丁"}),
        (BRANDS, {"name": long * 2}),
        (f"{BRANDS}/{brand}", {"name": long * 2, "slug": "other-brand"}),
    ):
        shown = html.unescape(await desk.send(path, 422, **form))
        for name, text in form.items():
            assert name == "kind" or f'value="{text}"' in shown or f">{text}</textarea>" in shown, (path, name)


async def test_what_somebody_else_changed_meanwhile_is_not_written_over(shelf: Shelf, desk: Desk) -> None:
    def seen(page: str, action: str, form: str = "") -> str:
        rest = "(?:(?!</form>).)*?"
        start = rf'action="{action}(?:[?][^"]*)?"[^>]*>'
        found = re.search(rf'{start}{rest}{form}{rest}name="seen" value="([^"]+)"', page, re.S)
        assert found is not None
        return found[1]

    cups = await desk.value("SELECT category_id FROM products WHERE slug = 'bottle'")
    slug, icon, above = await desk.row("SELECT slug, icon, parent_id FROM categories WHERE id = $1", cups)
    mine, form = f"{CATEGORIES}/{cups}", {"slug": slug, "icon": icon, "parent_id": str(above)}
    await desk.send(f"{mine}/attributes", name="杯口", kind="choice", values="宽、窄", filterable="1")
    attribute = await desk.value("SELECT id FROM attributes WHERE category_id = $1 AND name = '杯口'", cups)
    page = await shelf.page(f"{CATEGORIES}?id={cups}", headers=desk.cookies)
    before = seen(page, mine)
    described = seen(page, f"{mine}/attributes", f'<input type="hidden" name="attribute_id" value="{attribute}">')
    await desk.send(mine, name="杯子", seen=before, **form)
    told = await desk.send(mine, 409, name="水杯儿", seen=before, **(form | {"icon": "leaf"}))
    assert "别人刚改过" in told
    assert "现在是：杯子" in told
    assert told.count("现在是：") == 1  # only what was changed
    assert 'value="水杯儿"' in told
    assert '<option value="leaf" selected>' in told
    assert await desk.value("SELECT name FROM categories WHERE id = $1", cups) == "杯子"
    assert "名称 1 到 20 个字" in await desk.send(mine, 422, name="x" * 21, seen=seen(told, mine), **form)
    await desk.send(mine, name="水杯儿", seen=seen(told, mine), **form)  # who has seen it means it

    fields: dict[str, Any] = {"attribute_id": str(attribute), "name": "杯口", "unit": ""}
    await desk.send(f"{mine}/attributes", values="宽、窄、斜", filterable="1", seen=described, **fields)
    told = await desk.send(f"{mine}/attributes", 409, values="宽、窄、圆", filterable="1", seen=described, **fields)
    assert "现在是：宽、窄、斜" in told
    assert ">宽、窄、圆</textarea>" in told

    await desk.send(BRANDS, name="山与水", slug="shan")
    brand = await desk.value("SELECT id FROM brands WHERE name = '山与水'")
    page = await shelf.page(f"{BRANDS}?q=山与水", headers=desk.cookies)
    before = seen(page, f"{BRANDS}/{brand}")
    await desk.send(f"{BRANDS}/{brand}?q=山与", name="山与海", slug="shan", seen=before)
    told = await desk.send(f"{BRANDS}/{brand}?q=山与", 409, name="山与湖", slug="shan", seen=before)
    assert "现在是：山与海" in told
    assert 'value="山与湖"' in told
    assert await desk.send(
        f"{BRANDS}/{brand}?q=山与", name="山与湖", slug="shan", seen=seen(told, f"{BRANDS}/{brand}")
    ) == (f"{BRANDS}?q=%E5%B1%B1%E4%B8%8E")
