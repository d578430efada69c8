"""Two people at one product: nobody's change is undone without a word."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from commerce.merchandising import editor, save
from commerce.merchandising.differ import differences
from commerce.merchandising.form import of_goods, read
from commerce.merchandising.three_way import as_it_was, joined, settled
from commerce.merchandising.types import Change, Edit, Goods, Item
from server.clock import now
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser, fields, row_of

Staff = dict[str, dict[str, str]]
API = "/api/v1/backoffice/products"
HOME = "/backoffice/products"


async def test_the_second_writes_only_what_they_touched(shelf: Shelf, staff: Staff) -> None:
    place = f"{HOME}/{await shelf.product('bottle')}"
    one, two = Browser(shelf, staff["admin"]), Browser(shelf, staff["shop1"])
    first, second = await one.open(place), await two.open(place)
    at, other = row_of(first, "LF-BT-INK-500"), row_of(first, "LF-BT-INK-350")
    theirs = {f"skus.{at}.price": "66", f"skus.{other}.code": "LF-NEW", f"skus.{other}.stock": "8100"}
    assert (await one.post(place, first | theirs | {"subtitle": "甲写的", "tags": "甲"}))[0] == 303
    mine = {"title": "乙的名称", "subtitle": "乙写的", f"skus.{at}.stock": "8005", f"skus.{other}.stock": "7000"}
    status, _, text = await two.post(place, second | mine)
    form = fields(text)
    assert (status, form["title"], form["subtitle"], form["tags"]) == (409, ["乙的名称"], ["甲写的"], ["甲"])
    assert (form[f"skus.{at}.price"], form[f"skus.{other}.code"]) == (["66.00"], ["LF-NEW"])
    assert (form[f"skus.{at}.stock"], form[f"skus.{other}.stock"]) == (["8005"], ["8100"])
    assert text.count("对方刚改") > 3
    takes = {typed: n for n, typed in re.findall(r'name="clash.(\d).typed" value="([^"]*)"', text)}
    assert set(takes) == {"乙写的", "7000"}
    status, _, text = await two.post(place, form | {"title": ""})  # what is undecided stays so over another fault
    assert (status, "乙写的" in text) == (422, True)
    form = fields(text) | {"title": "乙的名称", f"clash.{takes['乙写的']}.take": "1"}
    assert (await two.post(place, form))[0] == 303
    kept = await shelf.get(place.replace("/backoffice", "/api/v1/backoffice"), headers=staff["admin"])
    assert (kept["title"], kept["subtitle"], kept["tags"]) == ("乙的名称", "乙写的", ["甲"])
    skus = {sku["code"]: sku for sku in kept["skus"]}
    assert (skus["LF-BT-INK-500"]["price"], skus["LF-BT-INK-500"]["on_hand"]) == (6600, 8005)
    assert skus["LF-NEW"]["on_hand"] == 8100


async def test_new_specs_of_one_outlive_the_other(shelf: Shelf, staff: Staff) -> None:
    place = f"{HOME}/{await shelf.product('phone')}"
    one, two = Browser(shelf, staff["admin"]), Browser(shelf, staff["admin"])
    first, second = await one.open(place), await two.open(place)
    wider = first | {"axes.0.values": [f"{first['axes.0.values'][0]}、极光"], "do": "combine"}
    grown = fields((await one.post(place, wider))[2])
    new = {name: f"N-{name}" for name, value in grown.items() if name.endswith(".code") and value == [""]}
    assert new
    assert (await one.post(place, grown | new))[0] == 303
    status, _, text = await two.post(place, second | {"skus.0.price": "1234"})
    assert status == 409
    assert (await two.post(place, fields(text)))[0] == 303
    kept = await shelf.get(place.replace("/backoffice", "/api/v1/backoffice"), headers=staff["admin"])
    on = [sku for sku in kept["skus"] if sku["status"] == "on"]
    assert (len(on), 123400 in {sku["price"] for sku in on}) == (len(grown_rows(grown)), True)


def grown_rows(form: dict[str, object]) -> set[str]:
    """Return the numbers of a form's rows."""
    return {name.split(".")[1] for name in form if name.startswith("skus.") and name.endswith(".code")}


def one_sku(sku_id: int, code: str, price: int = 100, on_hand: int = 10) -> Item:
    """Return a SKU called after its id."""
    return Item(id=sku_id, code=code, specs={"色": str(sku_id)}, price=price, on_hand=on_hand)


def saved(before: Goods, after: Goods) -> Edit:
    """Return what was noted of a change, as it comes back from the database."""
    changes = msgspec.convert(msgspec.to_builtins(differences(before, after)), list[Change])
    return Edit(version=after.version, staff_id=1, staff="甲", ref="", changes=changes, at=now())


def test_codes_that_move_within_one_save_lead_back_to_their_skus() -> None:
    before = Goods(version=1, shop_id=1, title="杯", category_id=1, spec_names=["色"], skus=[])
    before = replace(before, skus=[one_sku(1, "A"), one_sku(2, "B")])
    moved = [one_sku(1, "C", 150), one_sku(2, "A", on_hand=12), one_sku(3, "B")]  # the new one too has a freed code
    after = replace(before, version=2, skus=moved)
    again = replace(after, version=3, skus=[replace(moved[0], code="D", price=170), *moved[1:]])
    was = as_it_was(again, [saved(after, again), saved(before, after)])
    assert was.skus == before.skus
    told = joined(was, again, replace(of_goods(before), texts=of_goods(before).texts | {"title": "壶"}))
    assert [(row.code, row.price, row.stock) for row in told.sheet.rows] == [
        *(("D", "1.70", "10"), ("A", "1.00", "12"), ("B", "1.00", "10"))
    ]
    assert (told.sheet["title"], told.clashes) == ("壶", [])
    assert told.theirs == {"sku.1.code", "sku.1.price", "sku.2.code", "sku.2.stock", "skus"}


def test_units_that_left_meanwhile_stay_gone_where_both_counted() -> None:
    before = Goods(version=1, shop_id=1, title="杯", category_id=1, spec_names=["色"], skus=[one_sku(1, "A")])
    form = of_goods(before)
    mine = replace(form, rows=(replace(form.rows[0], stock="15"),))  # five more than were seen
    counted = replace(before, version=2, skus=[one_sku(1, "A", on_hand=12)])
    now_ = replace(counted, skus=[one_sku(1, "A", on_hand=9)])  # three were shipped
    edits = [saved(before, counted)]
    told = joined(as_it_was(now_, edits), now_, mine)
    assert [(clash.field, clash.typed) for clash in told.clashes] == [("sku.1.stock", "12")]
    assert (told.sheet.rows[0].stock, told.sheet.rows[0].seen) == ("9", "9")
    taken = settled(told.sheet, [replace(told.clashes[0], taken=True)])
    assert read(taken, now_, [])[0].skus[0].on_hand == 12
    recounted = replace(now_, version=3, skus=[one_sku(1, "A", on_hand=10)])  # and again: one more, two shipped
    later = replace(recounted, skus=[one_sku(1, "A", on_hand=8)])
    told = joined(as_it_was(later, [saved(now_, recounted)]), later, told.sheet, told.clashes)
    assert [clash.typed for clash in told.clashes] == ["10"]
    taken = settled(told.sheet, [replace(told.clashes[0], taken=True)])
    assert read(taken, later, [])[0].skus[0].on_hand == 10


async def test_what_is_joined_is_read_at_one_moment(
    shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"{HOME}/{await shelf.product('bottle')}"
    one, two = Browser(shelf, staff["admin"]), Browser(shelf, staff["shop1"])
    first, second = await one.open(place), await two.open(place)
    assert (await one.post(place, first | {"tags": "甲"}))[0] == 303
    again, at, read_ = await one.open(place), row_of(first, "LF-BT-INK-500"), save.current
    there = int(first[f"skus.{at}.stock"][0])
    calls = 0

    async def current(*given: Any) -> Goods:
        nonlocal calls
        calls += 1
        goods = await read_(*given)
        if calls == 2:  # two's form was refused; now one counts, between what is there and what was changed of it
            assert (await one.post(place, again | {f"skus.{at}.stock": f"{there + 100}"}))[0] == 303
        return goods

    monkeypatch.setattr(editor, "current", current)
    status, _, text = await two.post(place, second | {f"skus.{at}.stock": f"{there + 5}"})
    assert (status, fields(text)[f"skus.{at}.stock"], calls) == (409, [f"{there + 5}"], 3)
    assert "clash.0.field" not in text
