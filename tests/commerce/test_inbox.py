"""The sandbox's inbox: what an SMS gateway and a mail relay would have delivered."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce.courier import Channel, Couriers, Message
from commerce.sandbox.inbox import wants_json
from server.application import Application

Client = TestClient[Any, Any]


async def send(app: Application, to: str, text: str, code: str = "") -> None:
    async with app.database.transaction() as connection:
        channel = Channel.EMAIL if "@" in to else Channel.SMS
        await app.resource(Couriers).of(channel).send(connection, Message(channel=channel, to=to, text=text, code=code))


async def read(client: Client, **query: str) -> list[dict[str, str]]:
    response = await client.get("/sandbox/inbox", params=query, headers={"Accept": "application/json"})
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("application/json")
    return list(await response.json())


async def test_messages_come_newest_first_and_by_recipient(client: Client, app: Application) -> None:
    await send(app, "13812345678", "第一条", "111111")
    await send(app, "lin@example.cn", "邮件")
    await send(app, "13812345678", "第二条", "222222")
    assert [message["text"] for message in await read(client)] == ["第二条", "邮件", "第一条"]
    [second, first] = await read(client, to="+86 138-1234-5678")
    assert first | {"sent_at": ""} == {
        "to": "13812345678",
        "channel": "sms",
        "text": "第一条",
        "code": "111111",
        "sent_at": "",
    }
    assert second["sent_at"] >= first["sent_at"]
    assert [message["channel"] for message in await read(client, to="Lin@Example.cn")] == ["email"]
    assert await read(client, to="13900000000") == []


async def test_a_message_of_a_transaction_that_failed_was_never_sent(client: Client, app: Application) -> None:
    async def send_and_fail() -> None:
        async with app.database.transaction() as connection:
            courier = app.resource(Couriers).of(Channel.SMS)
            await courier.send(connection, Message(channel=Channel.SMS, to="13812345678", text="没有这回事"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await send_and_fail()
    assert await read(client) == []


async def test_people_get_a_page_that_escapes_what_was_sent(client: Client, app: Application) -> None:
    await send(app, "13812345678", "<script>alert(1)</script>")
    response = await client.get("/sandbox/inbox", headers={"Accept": "text/html,*/*"})
    text = await response.text()
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text


@pytest.mark.parametrize("query", [{"to": "x" * 255}, {"to": "\x00"}])
async def test_a_bad_query_is_refused(client: Client, query: dict[str, str]) -> None:
    assert (await client.get("/sandbox/inbox", params=query)).status == 422


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("application/json, text/html", True),
        ("application/json;q=0.9", True),
        ("text/html,application/xhtml+xml,application/json;q=0.9", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_json_is_for_who_asks_for_it(accept: str, json: bool) -> None:
    assert wants_json(accept) is json


async def test_one_page_gathers_the_sandboxes(client: Client) -> None:
    response = await client.get("/sandbox")
    assert response.status == 200
    assert 'href="/sandbox/inbox"' in await response.text()
