"""The message centre over JSON."""

from __future__ import annotations

from typing import Any

import pytest

from tests.commerce.messages.conftest import ALARM, PAID, SALE, Centre


async def test_messages_are_listed_counted_read_and_deleted(centre: Centre) -> None:
    for number in range(3):
        await centre.tell(PAID, {"order_no": str(number)})
    await centre.tell(SALE, {"title": "杯"})
    await centre.tell(ALARM)
    _, body = await centre.call("GET", "?size=2")
    assert body["total"] == 5
    assert [one["title"] for one in body["items"]] == ["密码改了", "杯 开抢"]
    _, body = await centre.call("GET", "?category=order&page=2&size=2")
    assert (body["total"], [one["text"] for one in body["items"]]) == (3, ["订单 0 已付款"])
    assert (await centre.call("GET", "/unread"))[1] == {
        "total": 5, "order": 3, "promotion": 1, "service": 0, "system": 1,
    }  # fmt: skip
    one = body["items"][0]["id"]
    status, read = await centre.call("POST", f"/{one}/read")
    assert (status, read["read"]) == (200, True)
    assert (await centre.call("POST", f"/{one}/read"))[1] == read
    _, body = await centre.call("GET", "?category=order&unread=true")
    assert (body["total"], len(body["items"])) == (2, 2)
    status, counts = await centre.call("POST", "/read", {"category": "order"})
    assert (status, counts["order"], counts["total"]) == (200, 0, 2)
    assert (await centre.call("POST", "/read", {}))[1]["total"] == 0
    assert (await centre.call("DELETE", f"/{one}"))[0] == 204
    assert (await centre.call("DELETE", f"/{one}"))[0] == 404
    assert (await centre.call("POST", f"/{one}/read"))[0] == 404
    assert (await centre.call("GET", ""))[1]["total"] == 4


async def test_several_messages_are_read_and_deleted_at_once(centre: Centre) -> None:
    ids = [str(await centre.tell(PAID, {"order_no": str(n)})) for n in range(4)]
    async with centre.app.database.connection() as connection:
        theirs = await connection.fetchval(
            """
            WITH other AS (INSERT INTO members (phone, nickname) VALUES ('13900000000', '别人') RETURNING id)
            INSERT INTO messages (member_id, kind, category) SELECT id, 'test.paid', 'order' FROM other RETURNING id
            """
        )
    status, body = await centre.call("POST", "/read", {"message_ids": [ids[0], ids[1], str(theirs), "999999"]})
    assert (status, body["total"]) == (200, 2)
    status, body = await centre.call("POST", "/delete", {"message_ids": [ids[1], ids[2], str(theirs)]})
    assert (status, body["deleted"], body["unread"]["total"]) == (200, 2, 1)
    status, body = await centre.call("POST", "/delete", {"message_ids": [ids[1]]})
    assert (status, body["deleted"]) == (200, 0)
    _, body = await centre.call("GET", "")
    assert [one["id"] for one in body["items"]] == [ids[3], ids[0]]
    assert await centre.value("SELECT listed AND read_at IS NULL FROM messages WHERE id = $1", theirs)
    wrongs: tuple[dict[str, Any], ...] = ({}, {"message_ids": []}, {"message_ids": ["x"]}, {"message_ids": ["1"] * 101})
    for wrong in wrongs:
        assert (await centre.call("POST", "/delete", wrong))[0] == 422, wrong


async def test_a_deleted_message_is_not_told_again(centre: Centre) -> None:
    told = await centre.tell(PAID, {"order_no": "1"}, dedupe="order:1")
    assert (await centre.call("DELETE", f"/{told}"))[0] == 204
    assert await centre.tell(PAID, {"order_no": "1"}, dedupe="order:1") is None
    assert (await centre.call("GET", ""))[1]["total"] == 0


async def test_preferences_are_kept_whole(centre: Centre) -> None:
    _, shown = await centre.call("GET", "/preferences")
    assert shown["channels"]["promotion"] == {"in_app": True, "sms": False, "email": False}
    assert set(shown["locked"]) == {"order.in_app", "system.in_app", "system.sms", "system.email"}
    [switch] = [one for one in shown["kinds"] if one["code"] == "test.sale"]
    assert switch == {"code": "test.sale", "category": "promotion", "name": "开抢提醒", "on": True}
    wanted: dict[str, Any] = {
        "channels": {
            "order": {"in_app": True, "sms": False, "email": False},
            "promotion": {"in_app": False, "sms": True, "email": False},
            "service": {"in_app": True, "sms": True, "email": True},
            "system": {"in_app": True, "sms": True, "email": True},
        },
        "muted": ["test.sale"],
        "quiet": {"on": True, "start": "23:30", "end": "07:00"},
        "language": "en",
    }
    status, kept = await centre.call("PUT", "/preferences", wanted)
    assert status == 200
    assert {name: kept[name] for name in wanted} == wanted
    assert (await centre.call("GET", "/preferences"))[1] == kept
    status, kept = await centre.call("PUT", "/preferences", {})
    assert (kept["muted"], kept["quiet"]["start"], kept["language"]) == ([], "22:00", "zh-CN")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channels": {"system": {"in_app": True, "sms": False, "email": True}}}, "channels.system.sms"),
        ({"channels": {"order": {"in_app": False, "sms": False, "email": True}}}, "channels.order.in_app"),
        ({"muted": ["no.such"]}, "muted"),
        ({"muted": ["test.alarm"]}, "muted"),
        ({"quiet": {"on": True, "start": "25:00", "end": "08:00"}}, "quiet.start"),
        ({"quiet": {"on": True, "start": "08:00", "end": "08:00"}}, "quiet.end"),
        ({"language": "fr"}, "language"),
    ],
)
async def test_what_cannot_be_chosen_is_refused(centre: Centre, body: dict[str, Any], field: str) -> None:
    status, answer = await centre.call("PUT", "/preferences", body)
    assert (status, answer["error"]["field"]) == (422, field)
