"""Categories, attributes and brands over JSON: the same rules as by form."""

from __future__ import annotations

import itertools
from typing import Any

from tests.commerce.catalogue.conftest import Shelf

Staff = dict[str, dict[str, str]]
API = "/api/v1/backoffice"
_keys = itertools.count(1)


async def send(
    shelf: Shelf, staff: Staff, method: str, path: str, body: Any = None, status: int = 200, account: str = "admin"
) -> Any:
    """Return the JSON of an answer of that status, None for an empty one."""
    headers = staff[account] | ({"Idempotency-Key": f"tree-{next(_keys)}"} if method == "POST" else {})
    async with shelf.client.request(method, f"{API}/{path}", json=body, headers=headers) as response:
        told = await response.json() if response.content_type == "application/json" else None
        assert response.status == status, told
        return told


async def test_categories_are_added_changed_ordered_merged_and_removed(shelf: Shelf, staff: Staff) -> None:
    await send(shelf, staff, "POST", "categories", {"name": "甲"}, 403, "shop1")
    top = await send(shelf, staff, "POST", "categories", {"name": "花草", "icon": "leaf"}, 201)
    assert (top["parent_id"], top["products"], top["attributes"]) == (None, 0, [])
    made = [
        await send(shelf, staff, "POST", "categories", {"name": name, "parent_id": top["id"]}, 201)
        for name in ("多肉", "绿植", "鲜花")
    ]
    told = await send(shelf, staff, "POST", "categories", {"name": "绿植", "parent_id": top["id"]}, 422)
    assert told["error"]["field"] == "name"
    listed = await send(shelf, staff, "POST", f"categories/{made[2]['id']}/place", {"before": made[0]["id"]})
    assert [one["name"] for one in listed if one["parent_id"] == top["id"]] == ["鲜花", "多肉", "绿植"]
    listed = await send(shelf, staff, "POST", f"categories/{made[2]['id']}/place", {})
    assert [one["name"] for one in listed if one["parent_id"] == top["id"]] == ["多肉", "绿植", "鲜花"]
    path = f"categories/{made[0]['id']}"
    changed = await send(shelf, staff, "PATCH", path, {"slug": "succulents"})
    assert (changed["name"], changed["slug"], changed["parent_id"]) == ("多肉", "succulents", top["id"])
    changed = await send(shelf, staff, "PATCH", path, {"parent_id": None})
    assert (changed["name"], changed["slug"], changed["parent_id"]) == ("多肉", "succulents", None)
    await send(shelf, staff, "PATCH", f"categories/{top['id']}", {"parent_id": made[1]["id"]}, 422)
    await send(shelf, staff, "DELETE", f"categories/{top['id']}", None, 409)
    into = await send(shelf, staff, "POST", f"{path}/merge", {"into": made[1]["id"]})
    assert into["id"] == made[1]["id"]
    await send(shelf, staff, "GET", path, None, 404)
    await send(shelf, staff, "DELETE", f"categories/{made[2]['id']}", None, 204)
    await send(shelf, staff, "DELETE", f"categories/{made[2]['id']}", None, 404)


async def test_attributes_are_added_changed_and_removed(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.get(f"{API}/products/{await shelf.product('bottle')}", headers=staff["admin"])
    path = f"categories/{bottle['category_id']}/attributes"
    body = {"name": "杯口", "kind": "choice", "values": ["宽", "窄", "宽"]}
    whole = await send(shelf, staff, "POST", path, body, 201)
    one = next(each for each in whole["attributes"] if each["name"] == "杯口")
    assert (one["values"], one["filterable"]) == (["宽", "窄"], True)
    refused: tuple[Any, ...] = ({"values": []}, {"values": ["a、b"]}, {"name": ""}, {"kind": "number"})
    for wrong in refused:
        await send(shelf, staff, "PATCH", f"{path}/{one['id']}", wrong, 422)
    await send(
        shelf, staff, "PATCH", f"products/{bottle['id']}", {"attributes": {**bottle["attributes"], one["id"]: ["宽"]}}
    )
    whole = await send(shelf, staff, "PATCH", f"{path}/{one['id']}", {"values": ["很宽", "窄"], "filterable": False})
    changed = next(each for each in whole["attributes"] if each["id"] == one["id"])
    assert changed == one | {"values": ["很宽", "窄"], "filterable": False, "state": changed["state"]}
    kept = await shelf.get(f"{API}/products/{bottle['id']}", headers=staff["admin"])
    assert kept["attributes"][one["id"]] == ["很宽"]
    await send(shelf, staff, "DELETE", f"{path}/{one['id']}", None, 409)
    await send(shelf, staff, "PATCH", f"products/{bottle['id']}", {"attributes": bottle["attributes"]})
    await send(shelf, staff, "DELETE", f"{path}/{one['id']}", None, 204)
    await send(shelf, staff, "DELETE", f"{path}/{one['id']}", None, 404)


async def test_brands_are_added_renamed_merged_and_removed(shelf: Shelf, staff: Staff) -> None:
    made = await send(shelf, staff, "POST", "brands", {"name": "新牌"}, 201)
    kept = await send(shelf, staff, "PATCH", f"brands/{made['id']}", {"slug": "new-brand"})
    assert (kept["name"], kept["slug"], kept["products"]) == ("新牌", "new-brand", 0)
    bottle = await shelf.get(f"{API}/products/{await shelf.product('bottle')}", headers=staff["admin"])
    old = bottle["brand_id"]
    await send(shelf, staff, "DELETE", f"brands/{old}", None, 409)
    await send(shelf, staff, "POST", f"brands/{old}/merge", {"into": old}, 422)
    merged = await send(shelf, staff, "POST", f"brands/{old}/merge", {"into": made["id"]})
    assert merged["products"] > 0
    listed = await send(shelf, staff, "GET", "brands?q=新牌&size=1", None, account="shop1")
    assert (listed["total"], listed["items"]) == (1, [merged])
    gone = await send(shelf, staff, "POST", "brands", {"name": "没人用"}, 201)
    await send(shelf, staff, "DELETE", f"brands/{gone['id']}", None, 204)
    await send(shelf, staff, "PATCH", f"brands/{gone['id']}", {"name": "x"}, 404)


async def test_who_says_what_they_saw_writes_over_nothing_newer(shelf: Shelf, staff: Staff) -> None:
    category = await send(shelf, staff, "POST", "categories", {"name": "花草"}, 201)
    brand = await send(shelf, staff, "POST", "brands", {"name": "山与水"}, 201)
    body = {"name": "花期", "kind": "choice", "values": ["春", "秋"]}
    whole = await send(shelf, staff, "POST", f"categories/{category['id']}/attributes", body, 201)
    [attribute] = whole["attributes"]
    for path, state, first, second, field in (
        (f"categories/{category['id']}", category["state"], {"icon": "leaf"}, {"name": "花"}, "icon"),
        (f"brands/{brand['id']}", brand["state"], {"slug": "shan"}, {"name": "山"}, "slug"),
        (
            f"categories/{category['id']}/attributes/{attribute['id']}",
            attribute["state"],
            {"values": ["春", "夏", "秋"]},
            {"values": ["春", "秋", "冬"]},
            "values",
        ),
    ):
        changed = await send(shelf, staff, "PATCH", path, first | {"seen": state})
        told = (await send(shelf, staff, "PATCH", path, second | {"seen": state}, 409))["error"]
        assert (told["code"], told["details"]) == ("changed_meanwhile", [{"field": field}])
        new = changed["attributes"][0]["state"] if "attributes/" in path else changed["state"]
        await send(shelf, staff, "PATCH", path, second | {"seen": new})
        await send(shelf, staff, "PATCH", path, first)  # who saw nothing means what they say
