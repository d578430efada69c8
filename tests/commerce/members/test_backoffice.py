"""Members as staff see them, and the account that is closed under its owner's hands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce.members.demo import DemoBuyer, demo_buyers
from commerce.staff.demo import create_staff
from server.application import Application

Client = TestClient[Any, Any]


@pytest.fixture
async def buyers(app: Application) -> list[DemoBuyer]:
    async with app.database.transaction() as connection:
        await create_staff(connection, {"admin": "admin-password", "service": "service-password"})
    return await demo_buyers(app, 3)


async def enter(client: Client, account: str) -> str:
    """Log in by the page and return the token that its forms send."""
    response = await client.get("/backoffice/login")
    fields = {"account": account, "password": f"{account}-password", "csrf_token": token(await response.text())}
    response = await client.post("/backoffice/login", data=fields)
    text = await response.text()
    assert (response.status, response.url.path) == (200, "/backoffice"), text
    return token(text)


def token(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert found is not None
    return found[1]


async def listed(client: Client, **query: str) -> str:
    response = await client.get("/backoffice/members", params=query)
    assert response.status == 200
    return await response.text()


def figure(home: str, href: str) -> str | None:
    """Return the figure on the first page that leads there."""
    found = re.search(rf'<a href="{re.escape(href)}"[^>]*><span>[^<]*</span><b>([^<]*)</b>', home)
    return found[1] if found else None


async def test_the_first_page_tells_how_many_joined_today(
    client: Client, app: Application, buyers: list[DemoBuyer]
) -> None:
    async with app.database.transaction() as connection:
        await create_staff(connection, {"service": "service-password", "warehouse": "warehouse-password"})
        await connection.execute(
            "UPDATE members SET created_at = now() - interval '1 day' WHERE id = $1", int(buyers[0].member_id)
        )
    await enter(client, "service")
    assert figure(await (await client.get("/backoffice")).text(), "/backoffice/members?joined=today") == "2"
    client.session.cookie_jar.clear()
    await enter(client, "warehouse")
    assert figure(await (await client.get("/backoffice")).text(), "/backoffice/members?joined=today") is None


async def test_members_are_found_and_their_phones_stay_covered(
    client: Client, app: Application, buyers: list[DemoBuyer]
) -> None:
    await enter(client, "service")
    async with app.database.connection() as connection:
        await connection.execute("UPDATE members SET nickname = '100%_好' WHERE phone = $1", buyers[0].phone)
    everybody = await listed(client)
    assert everybody.count("199****") == 3
    assert buyers[0].phone not in everybody
    assert "/ban" not in everybody
    for words in (buyers[0].phone, "0%_", "100%_好"):
        found = await listed(client, q=words)
        assert found.count("199****") == 1, words
        assert "100%_好" in found
    assert "没有找到会员" in await listed(client, q="%%")
    assert "没有找到会员" in await listed(client, q="\\")
    assert (await client.get("/backoffice/members", params={"q": "\x00"})).status == 422
    assert (await listed(client, page="2", size="2")).count("199****") == 1


async def test_a_closed_account_is_out_until_it_is_opened(
    client: Client, app: Application, buyers: list[DemoBuyer]
) -> None:
    csrf = await enter(client, "admin")
    member = buyers[0]

    async def act(name: str, reason: str = "刷单", member_id: str = member.member_id) -> int:
        response = await client.post(
            f"/backoffice/members/{member_id}/{name}", data={"csrf_token": csrf, "reason": reason}
        )
        return response.status

    async def me() -> int:
        return (await client.get("/api/v1/me", headers={"Authorization": f"Bearer {member.token}"})).status

    assert await act("ban", reason=" ") == 422
    assert await me() == 200
    assert await act("ban") == 200
    assert await me() == 401
    assert await act("ban") == 409
    assert await act("unban", "申诉成立") == 200
    assert await act("unban", "申诉成立") == 409
    assert await act("ban", member_id="999999") == 404
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT kind, actor, reason FROM member_events ORDER BY id")
    assert [tuple(row) for row in rows] == [("banned", "staff:1", "刷单"), ("unbanned", "staff:1", "申诉成立")]


async def test_only_who_manages_members_closes_accounts(client: Client, buyers: list[DemoBuyer]) -> None:
    csrf = await enter(client, "service")
    path = f"/backoffice/members/{buyers[0].member_id}/ban"
    assert (await client.post(path, data={"csrf_token": csrf, "reason": "x"})).status == 403
    member = {"Authorization": f"Bearer {buyers[1].token}"}
    assert (await client.post(path, data={"reason": "x"}, headers=member)).status == 403
    assert (await client.get("/backoffice/members", headers=member)).status == 403


async def test_a_members_page_tells_how_the_account_stands_and_nothing_to_reach_them_by(
    client: Client, app: Application, buyers: list[DemoBuyer]
) -> None:
    member_id = int(buyers[0].member_id)
    path = f"/backoffice/members/{member_id}"
    async with app.database.transaction() as connection:
        await connection.execute("UPDATE members SET email = 'lin.xiaoman@example.com' WHERE id = $1", member_id)
        order_no = "123456789012345678"
        await connection.execute(
            "INSERT INTO orders (order_no, member_id, shop_id, source, amount, address, pay_before)"
            " VALUES ($1, $2, 1, 'cart', 4990, $3, now())",
            order_no,
            member_id,
            {"name": "", "phone": "", "region_code": "", "region": "", "detail": ""},
        )
    csrf = await enter(client, "admin")
    assert f'href="{path}"' in await listed(client)
    await client.post(f"{path}/ban", data={"csrf_token": csrf, "reason": "刷单 <b>"})
    text = await (await client.get(path)).text()
    assert f"{buyers[0].phone[:3]}****{buyers[0].phone[-4:]}" in text
    assert "l***@example.com" in text
    assert buyers[0].phone not in text
    assert "lin.xiaoman" not in text
    assert "刷单 &lt;b&gt;" in text
    assert order_no in text
    assert "¥49.90" in text
    assert f"{path}/unban" in text
    listing = await client.get("/backoffice/orders", params={"member": str(member_id)})
    assert order_no in await listing.text()
    other = await client.get("/backoffice/orders", params={"member": buyers[1].member_id})
    assert order_no not in await other.text()
    assert (await client.get("/backoffice/members/999999")).status == 404
    client.session.cookie_jar.clear()
    await enter(client, "service")
    assert "/unban" not in await (await client.get(path)).text(), "who may only look is offered nothing to do"
