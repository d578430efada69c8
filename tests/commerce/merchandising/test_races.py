"""The tree of categories changed at the very moment a product is saved: each waits for the other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commerce.merchandising import api, save
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.test_tree import API, CATEGORIES, Desk, Staff, desk

__all__ = ["desk"]


@pytest.mark.parametrize("doing", ["remove", "add"])
async def test_no_product_comes_into_a_category_that_is_none_any_more(
    shelf: Shelf, staff: Staff, desk: Desk, monkeypatch: pytest.MonkeyPatch, doing: str
) -> None:
    made = (await desk.send(CATEGORIES, name="花草")).rpartition("=")[2]
    csrf = shelf.app.sessions.csrf(desk.cookies["Cookie"].partition("=")[2])
    form = {"csrf_token": csrf} | ({"do": "remove"} if doing == "remove" else {"name": "多肉", "parent_id": made})
    path = f"{CATEGORIES}/{made}" if doing == "remove" else CATEGORIES
    checked, others = save.check, []

    async def check(*given: Any) -> None:
        await checked(*given)
        others.append(asyncio.create_task(desk.post(path, form)))
        await asyncio.wait(others, timeout=0.5)  # as far as it gets

    monkeypatch.setattr(save, "check", check)
    bottle = await shelf.get(f"{API}/products/{await shelf.product('bottle')}", headers=staff["admin"])
    body = {"shop_id": bottle["shop_id"], "category_id": made, "title": "绿萝", "skus": [{"code": "LV-1", "price": 1}]}
    headers = staff["admin"] | {"Idempotency-Key": f"green-{doing}"}
    async with shelf.client.post(f"{API}/products", json=body, headers=headers) as response:
        assert response.status == 201, await response.text()
    status, _, text = await others[0]
    assert (status, "里面还有商品" in text) == (422, True)


async def test_a_category_merged_meanwhile_is_read_again(
    shelf: Shelf, staff: Staff, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bottle = await shelf.product("bottle")
    cups = await desk.value("SELECT category_id FROM products WHERE id = $1", bottle)
    made = (await desk.send(CATEGORIES, name="新的")).rpartition("=")[2]
    read = save.current

    async def current(*given: Any) -> Any:
        goods = await read(*given)
        monkeypatch.setattr(api, "current", read)
        await desk.send(f"{CATEGORIES}/{cups}", do="merge", into=made)
        return goods

    monkeypatch.setattr(api, "current", current)
    path = f"{API}/products/{bottle}"
    async with shelf.client.patch(path, json={"title": "晚了一步"}, headers=staff["admin"]) as response:
        told = await response.json()
        assert (response.status, told["error"]["code"]) == (409, "product_stale"), told
    kept = await shelf.get(path, headers=staff["admin"])
    assert (kept["category_id"], kept["title"] == "晚了一步") == (made, False)
