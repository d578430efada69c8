"""Demo members: a dozen with passwords, and buyers by the thousand."""

from __future__ import annotations

import argparse
import time
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from commerce.members import default_address, demo
from commerce.members.demo import DemoPerson, create_members, demo_buyers
from commerce.members.targets import phone_of
from commerce.members.types import AddressBody
from server.application import Application, build
from server.settings import Environment, Settings

Client = TestClient[Any, Any]


async def test_buyers_are_many_distinct_and_ready_to_buy(client: Client, app: Application) -> None:
    before = time.perf_counter()
    first = await demo_buyers(app, 2000)
    took = time.perf_counter() - before
    second = await demo_buyers(app, 3)
    everybody = first + second
    assert len({buyer.phone for buyer in everybody}) == len({buyer.token for buyer in everybody}) == 2003
    assert took < 20, "buyers are inserted many at a time"
    for buyer in (first[0], first[-1], second[-1]):
        assert phone_of(buyer.phone).value == buyer.phone
        response = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {buyer.token}"})
        assert (await response.json())["id"] == buyer.member_id
        async with app.database.connection() as connection:
            address = await default_address(connection, int(buyer.member_id))
            left = await connection.fetchval(
                "SELECT min(expires_at - now()) FROM sessions WHERE subject_id = $1", int(buyer.member_id)
            )
        assert address is not None
        assert address.region.startswith(
            ("上海市", "北京市", "广东省", "浙江省", "四川省", "湖北省", "江苏省", "福建省")
        )
        assert 23.9 < left.total_seconds() / 3600 <= 24


async def test_a_phone_that_somebody_has_is_passed_over(app: Application) -> None:
    async with app.database.connection() as connection:
        await connection.execute("INSERT INTO members (phone, nickname) VALUES ('19900000002', '早来的')")
    buyers = await demo_buyers(app, 3)
    assert [buyer.phone for buyer in buyers] == ["19900000001", "19900000003", "19900000004"]


async def test_the_command_prints_one_json_line_each(
    app: Application, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert await demo.run_buyers(app, argparse.Namespace(count=2)) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert [set(msgspec.json.decode(line)) for line in lines] == [{"member_id", "phone", "token"}] * 2


async def test_the_command_is_for_development_and_for_sensible_numbers(app: Application, settings: Settings) -> None:
    live = build(msgspec.structs.replace(settings, environment=Environment.PRODUCTION))
    assert await demo.run_buyers(live, argparse.Namespace(count=1)) == 2
    for count in (0, -1, 10**12):
        assert await demo.run_buyers(app, argparse.Namespace(count=count)) == 2


async def test_demo_people_are_made_once_and_log_in(client: Client, app: Application) -> None:
    home = AddressBody(name="林小满", phone="13800000101", region_code="310104", detail="龙腾大道 2350 号")
    person = DemoPerson(phone="13800000101", nickname="满满", password="a demo password", addresses=(home,))
    async with app.database.transaction() as connection:
        made = await create_members(connection, [person])
        assert await create_members(connection, [person]) == made
        assert await connection.fetchval("SELECT count(*) FROM addresses") == 1
    response = await client.post("/api/v1/auth/sessions", json={"account": person.phone, "password": person.password})
    assert response.status == 201
    assert (await response.json())["member"]["nickname"] == "满满"


async def test_the_demos_people_did_not_all_join_today(app: Application) -> None:
    people = [DemoPerson(phone=f"1380000010{at}", nickname="", password="a demo password") for at in range(3)]
    async with app.database.transaction() as connection:
        made = await create_members(connection, people)
        crowd = await demo.demo_crowd(connection, 40)
        ages = "SELECT array_agg(now() - created_at ORDER BY created_at) FROM members WHERE id = ANY ($1)"
        known = await connection.fetchval(ages, made)
        assert min(known).days >= 60
        assert len({age.days for age in known}) == 3
        joined = await connection.fetchval(ages, crowd)
        assert len({age.days for age in joined}) > 20
        assert max(joined).days < 60
        await create_members(connection, people)
        assert await connection.fetchval(ages, made) == known, "run again, nobody joins anew"
