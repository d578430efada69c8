"""The address book over HTTP: one default, nobody else's, and what people fill in wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce.members import address_of, default_address
from commerce.members.demo import demo_buyers
from commerce.members.regions import regions
from server.application import Application
from server.errors import Invalid

Client = TestClient[Any, Any]
HOME = {"name": "林小满", "phone": "13800000101", "region_code": "310104", "detail": "龙腾大道 2350 号"}


@pytest.fixture
async def member(client: Client, app: Application) -> dict[str, str]:
    """The headers of a member without an address."""
    return await bare_member(app)


async def bare_member(app: Application) -> dict[str, str]:
    [buyer] = await demo_buyers(app, 1)
    async with app.database.connection() as connection:
        await connection.execute("DELETE FROM addresses WHERE member_id = $1", int(buyer.member_id))
    return {"Authorization": f"Bearer {buyer.token}"}


async def add(client: Client, member: dict[str, str], **changed: Any) -> Any:
    response = await client.post("/api/v1/addresses", json=HOME | changed, headers=member)
    assert response.status == 201, await response.text()
    return await response.json()


async def book(client: Client, member: dict[str, str]) -> list[Any]:
    response = await client.get("/api/v1/addresses", headers=member)
    body = await response.json()
    assert (response.status, body["total"], body["page"], body["size"]) == (200, len(body["items"]), 1, 20)
    return list(body["items"])


async def test_the_first_address_is_the_default_and_keeps_its_region_in_words(
    client: Client, member: dict[str, str]
) -> None:
    added = await add(client, member)
    assert (added["region"], added["is_default"]) == ("上海市 徐汇区", True)
    assert await book(client, member) == [added]


async def test_another_default_takes_over(client: Client, member: dict[str, str]) -> None:
    first = await add(client, member)
    second = await add(client, member, name="周野", is_default=True)
    assert [(it["id"], it["is_default"]) for it in await book(client, member)] == [
        (second["id"], True),
        (first["id"], False),
    ]
    response = await client.patch(f"/api/v1/addresses/{first['id']}", json={"is_default": True}, headers=member)
    assert (await response.json())["is_default"] is True
    assert [it["id"] for it in await book(client, member) if it["is_default"]] == [first["id"]]


async def test_two_defaults_at_once_leave_one(client: Client, member: dict[str, str]) -> None:
    made = [await add(client, member, name=f"第{n}位") for n in range(6)]
    answers = await asyncio.gather(
        *(client.patch(f"/api/v1/addresses/{it['id']}", json={"is_default": True}, headers=member) for it in made),
        *(client.delete(f"/api/v1/addresses/{it['id']}", headers=member) for it in made[:3]),
    )
    assert {answer.status for answer in answers} <= {200, 204, 404}
    left = await book(client, member)
    assert len(left) == 3
    assert len([it for it in left if it["is_default"]]) == 1


async def test_a_change_touches_only_what_it_names(client: Client, member: dict[str, str]) -> None:
    added = await add(client, member)
    response = await client.patch(f"/api/v1/addresses/{added['id']}", json={"region_code": "440305"}, headers=member)
    changed = await response.json()
    assert changed == added | {"region_code": "440305", "region": "广东省 深圳市 南山区"}


async def test_removing_the_default_hands_it_on(client: Client, member: dict[str, str], app: Application) -> None:
    first, second = await add(client, member), await add(client, member, name="周野")
    assert (await client.delete(f"/api/v1/addresses/{first['id']}", headers=member)).status == 204
    assert (await client.delete(f"/api/v1/addresses/{first['id']}", headers=member)).status == 404
    assert [(it["id"], it["is_default"]) for it in await book(client, member)] == [(second["id"], True)]
    async with app.database.connection() as connection:
        owner = await connection.fetchval("SELECT member_id FROM addresses WHERE id = $1", int(first["id"]))
        assert await address_of(connection, owner, int(first["id"])) is None
        held = await default_address(connection, owner)
    assert held is not None
    assert (held.id, held.name, held.region) == (int(second["id"]), "周野", "上海市 徐汇区")


async def test_an_address_of_somebody_else_is_not_found(
    client: Client, member: dict[str, str], app: Application
) -> None:
    theirs = await add(client, await bare_member(app))
    path = f"/api/v1/addresses/{theirs['id']}"
    for method, body in (("GET", None), ("PATCH", {"name": "我的"}), ("DELETE", None)):
        response = await client.request(method, path, json=body, headers=member)
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_found"
    async with app.database.connection() as connection:
        assert await address_of(connection, 10**12, int(theirs["id"])) is None


async def test_guests_have_no_address_book(client: Client) -> None:
    assert (await client.get("/api/v1/addresses")).status == 401
    assert (await client.post("/api/v1/addresses", json=HOME)).status == 401


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "小" * 41}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": 7}, "name"),
        ({"phone": "123"}, "phone"),
        ({"phone": "- - - -"}, "phone"),
        ({"phone": "13800000101' --"}, "phone"),
        ({"phone": "1380000010199"}, "phone"),
        ({"phone": "138 0000 010"}, "phone"),
        ({"phone": "+86 12800000101"}, "phone"),
        ({"region_code": "310000"}, "region_code"),
        ({"region_code": "999999"}, "region_code"),
        ({"region_code": "31010"}, "region_code"),
        ({"region_code": 310104}, "region_code"),
        ({"detail": " "}, "detail"),
        ({"detail": "号" * 121}, "detail"),
        ({"is_default": "yes"}, "is_default"),
        ({"member_id": "1"}, "member_id"),
    ],
)
async def test_what_is_filled_in_wrong_is_told_beside_its_field(
    client: Client, member: dict[str, str], changed: dict[str, Any], field: str
) -> None:
    added = await add(client, member)
    response = await client.post("/api/v1/addresses", json=HOME | changed, headers=member)
    error = (await response.json())["error"]
    assert (response.status, error["code"], error["field"]) == (422, "invalid", field)
    response = await client.patch(f"/api/v1/addresses/{added['id']}", json=changed, headers=member)
    assert response.status == 422
    assert await book(client, member) == [added]


@pytest.mark.parametrize(
    "phone", ["+86 138 0000 0101", "0086-13800000101", "021-54321098-8888", "400-820-8820", "95588", "10086"]
)
async def test_numbers_that_a_courier_can_call_are_taken(client: Client, member: dict[str, str], phone: str) -> None:
    assert (await add(client, member, phone=phone))["phone"] == phone


@pytest.mark.parametrize("name", ["region_code", "name", "phone", "detail"])
async def test_nothing_may_be_left_out(client: Client, member: dict[str, str], name: str) -> None:
    body = {key: value for key, value in HOME.items() if key != name}
    response = await client.post("/api/v1/addresses", json=body, headers=member)
    assert (response.status, (await response.json())["error"]["field"]) == (422, name)


@pytest.mark.parametrize("path", ["0", "abc", "-1", "9" * 19, "1.5", "%00"])
async def test_ids_that_are_none_are_not_found(client: Client, member: dict[str, str], path: str) -> None:
    response = await client.patch(f"/api/v1/addresses/{path}", json={"name": "我"}, headers=member)
    assert response.status == 404


async def test_twenty_addresses_are_enough(client: Client, member: dict[str, str]) -> None:
    for n in range(19):
        await add(client, member, name=f"第{n}位")
    answers = await asyncio.gather(*(client.post("/api/v1/addresses", json=HOME, headers=member) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert len(await book(client, member)) == 20


async def test_a_repeated_key_adds_one(client: Client, member: dict[str, str]) -> None:
    headers = member | {"Idempotency-Key": "once"}
    answers = [await client.post("/api/v1/addresses", json=HOME, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert await answers[0].json() == await answers[1].json()
    assert len(await book(client, member)) == 1


async def test_lists_are_paged(client: Client, member: dict[str, str]) -> None:
    for n in range(3):
        await add(client, member, name=f"第{n}位")
    response = await client.get("/api/v1/addresses", params={"page": 2, "size": 2}, headers=member)
    body = await response.json()
    assert [it["name"] for it in body["items"]] == ["第1位"]
    assert (body["total"], body["page"], body["size"]) == (3, 2, 2)
    for bad in ({"page": 0}, {"size": 101}, {"page": "x"}, {"pages": 1}):
        assert (await client.get("/api/v1/addresses", params=bad, headers=member)).status == 422


async def test_regions_are_listed_level_by_level(client: Client) -> None:
    async def listed(**query: str) -> list[str]:
        response = await client.get("/api/v1/regions", params=query)
        assert response.status == 200
        return [it["name"] for it in (await response.json())["items"]]

    provinces = await listed()
    assert len(provinces) == 34
    assert "台湾省" in provinces
    assert await listed(province="310000") == ["上海市"]
    assert "徐汇区" in await listed(city="310100")
    assert await listed(province="000000") == []
    assert (await client.get("/api/v1/regions", params={"city": "上海"})).status == 422


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("310104", "上海市 徐汇区"),
        ("330106", "浙江省 杭州市 西湖区"),
        ("500230", "重庆市 丰都县"),
        ("429004", "湖北省 仙桃市"),
        ("441900", "广东省 东莞市"),
        ("810000", "香港特别行政区"),
    ],
)
def test_regions_read_as_people_write_them(code: str, text: str) -> None:
    assert regions().of(code).text == text


def test_every_district_can_be_reached_by_the_picker() -> None:
    table = regions()
    reached = {
        district.code
        for province in table.provinces
        for city in table.cities(province.code)
        for district in table.districts(city.code)
    }
    assert len(reached) == len(table) > 2800
    assert all(table.of(code).code == code for code in reached)
    with pytest.raises(Invalid):
        table.of("330103")  # merged into others in 2021
