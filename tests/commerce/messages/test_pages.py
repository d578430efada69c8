"""The message centre as a browser without a script sees it, and the desk that sends messages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from commerce.messages.announce import Send, send
from commerce.staff.types import Permission
from server.http.session import Kind
from tests.commerce.messages.conftest import PAID, PHONE, PLAIN, SALE, Centre


async def page(centre: Centre, path: str = "/me/messages", **options: Any) -> tuple[int, str, str]:
    headers = {"Cookie": f"lf_member={centre.token}", "Accept": "text/html", **options.pop("headers", {})}
    response = await centre.client.get(path, headers=headers, **options)
    return response.status, await response.text(), response.url.path_qs


async def post(centre: Centre, path: str, **fields: str | list[str]) -> tuple[int, str, str]:
    data = {"csrf_token": centre.app.sessions.csrf(centre.token), **fields}
    response = await centre.client.post(path, data=data, headers={"Cookie": f"lf_member={centre.token}"})
    return response.status, await response.text(), response.url.path_qs


async def test_the_list_tells_what_is_new_and_leads_there(centre: Centre) -> None:
    _, text, _ = await page(centre)
    assert "还没有消息" in text
    told = await centre.tell(PAID, {"order_no": "42"}, link="/orders?status=completed")
    await centre.tell(SALE, {"title": "<b>杯</b>"})
    _, text, _ = await page(centre)
    assert "&lt;b&gt;杯&lt;/b&gt; 开抢" in text
    assert text.count("panel new") == 2
    status, _, path = await page(centre, f"/me/messages/{told}")
    assert (status, path) == (200, "/orders?status=completed")
    _, text, _ = await page(centre, "/me/messages?category=order")
    assert "panel new" not in text
    assert "开抢" not in text
    _, text, path = await post(centre, f"/me/messages/{told}/delete", category="order")
    assert path == "/me/messages?category=order"
    assert "还没有消息" in text
    _, text, _ = await post(centre, "/me/messages/read")
    assert "panel new" not in text


async def test_chosen_messages_are_read_or_deleted(centre: Centre) -> None:
    first, second = [await centre.tell(PAID, {"order_no": str(n)}) for n in range(2)]
    _, text, _ = await page(centre)
    assert text.count('form="chosen"') == 4  # two boxes, two buttons
    _, text, path = await post(centre, "/me/messages/chosen", do="read", message_id=str(first), category="order")
    assert (text.count("panel new"), path) == (1, "/me/messages?category=order")
    _, text, _ = await post(centre, "/me/messages/chosen", do="delete", message_id=[str(first), str(second)])
    assert "还没有消息" in text
    status, _, _ = await post(centre, "/me/messages/chosen", do="read")
    assert status == 200  # nothing was chosen: nothing is done
    status, _, _ = await post(centre, "/me/messages/chosen", do="delete", message_id="x")
    assert status == 422


async def test_a_message_that_leads_nowhere_is_shown(centre: Centre) -> None:
    told = await centre.tell(PLAIN, {"title": "维护", "text": "第一行\n第二行"})
    status, text, _ = await page(centre, f"/me/messages/{told}")
    assert status == 200
    assert "第一行\n第二行" in text
    away = await centre.tell(PLAIN, {"title": "x", "text": "y"}, link="//evil.example/")
    assert (await page(centre, f"/me/messages/{away}"))[2] == "/me/messages"
    assert (await page(centre, "/me/messages/999999"))[0] == 404


async def test_lists_are_paged(centre: Centre) -> None:
    for number in range(21):
        await centre.tell(PAID, {"order_no": str(number)})
    _, text, _ = await page(centre)
    assert 'href="/me/messages?page=2"' in text
    _, text, _ = await page(centre, "/me/messages?page=2")
    assert "订单 0 已付款" in text
    assert "订单 1 已付款" not in text


async def test_settings_are_kept_and_wrong_hours_told(centre: Centre) -> None:
    fields = {
        "order-email": "1",
        "promotion-sms": "1",
        "quiet": "1",
        "start": "23:15",
        "end": "06:30",
        "language": "en",
    }
    status, text, path = await post(centre, "/me/messages/settings", **fields)
    assert (status, path) == (200, "/me/messages/settings?saved=1")
    assert "消息设置已保存" in text
    assert re.search(r'name="promotion-sms"[^>]* checked', text)
    assert not re.search(r'name="promotion-in_app"[^>]* checked', text)
    assert re.search(r'name="system-sms"[^>]* checked disabled', text)
    assert 'value="23:15"' in text
    _, shown = await centre.call("GET", "/preferences")
    assert shown["channels"]["order"] == {"in_app": True, "sms": False, "email": True}
    assert "test.sale" in shown["muted"]
    assert shown["quiet"] == {"on": True, "start": "23:15", "end": "06:30"}
    status, text, _ = await post(centre, "/me/messages/settings", start="soon", end="06:30")
    assert status == 422
    assert "请填时间，例如 22:00" in text


async def test_the_bell_stands_on_a_members_pages_alone(centre: Centre) -> None:
    assert "data-bell" in (await page(centre, "/"))[1]
    assert "data-bell" not in await (await centre.client.get("/")).text()


async def test_pages_speak_english(centre: Centre) -> None:
    for path in ("/me/messages", "/me/messages/settings"):
        text = (await page(centre, path, headers={"Accept-Language": "en"}))[1]
        shown = re.sub(r"(?s)<script.*?</script>|<[^>]*>", "", text).replace("中文", "").replace("林小满", "")
        assert not re.search("[\u4e00-\u9fff]", shown.replace("开抢提醒", "")), path


async def staff(centre: Centre, *permissions: str) -> str:
    async with centre.app.database.transaction() as connection:
        staff_id = await connection.fetchval(
            "INSERT INTO staff (account, name, password_hash) VALUES ($1, '运营小周', 'x') RETURNING id",
            str(permissions),
        )
        role = await connection.fetchval(
            "INSERT INTO roles (code, name, permissions) VALUES ($1, '角色', $2) RETURNING id",
            str(permissions),
            list(permissions),
        )
        await connection.execute("INSERT INTO staff_roles (staff_id, role_id) VALUES ($1, $2)", staff_id, role)
        return (await centre.app.sessions.issue(connection, Kind.STAFF, staff_id, "127.0.0.1", "test")).token


async def desk(centre: Centre, token: str, **fields: str) -> tuple[int, str]:
    data = {"csrf_token": centre.app.sessions.csrf(token), "sure": "1", **fields}
    response = await centre.client.post("/backoffice/messages", data=data, headers={"Cookie": f"lf_staff={token}"})
    return response.status, await response.text()


async def test_staff_tell_one_member_or_all_and_it_is_written_down(centre: Centre) -> None:
    token = await staff(centre, Permission.MESSAGES_SEND)
    asked = {"audience": "one", "to": PHONE, "title": "只给你", "text": "一句话"}
    status, text = await desk(centre, token, **asked, sure="")
    assert (status, "现在发送？" in text, "发出后不能撤回" in text, 'value="一句话"' in text) == (200, True, True, True)
    assert ">一句话</textarea>" in (await desk(centre, token, **asked, edit="1"))[1]
    status, text = await desk(centre, token, audience="one", to="nobody", link="evil", sure="")
    assert (status, text.count('aria-invalid="true"')) == (
        422,
        4,
    )  # all that is wrong at once, before anything is asked
    assert await centre.value("SELECT count(*) FROM message_announcements") == 0
    await centre.run(
        "INSERT INTO members (phone, nickname) SELECT '1' || n, '乙' FROM generate_series(3000000001, 3000002500) n"
    )
    asked |= {"link": "/flash-sales"}
    status, text = await desk(centre, token, **asked, shown="1000000")  # PHONE was somebody else's when it was shown
    assert (status, "现在发送？" in text) == (200, True)
    assert await centre.value("SELECT count(*) FROM message_announcements") == 0
    member_id = str(await centre.value("SELECT id FROM members WHERE phone = $1", PHONE))
    assert f'name="shown" value="{member_id}"' in text
    status, text = await desk(centre, token, **asked, shown=member_id)
    assert status == 200
    assert "只给你" in text
    status, _ = await desk(centre, token, audience="all", title="全站维护", text="今晚两点")
    assert status == 200
    ids = await centre.value("SELECT array_agg(id ORDER BY id) FROM message_announcements")
    for _ in range(2):
        for one in ids:
            await send(centre.app, Send(one))
    assert await centre.value("SELECT array_agg(told ORDER BY id) FROM message_announcements") == [1, 2501]
    assert await centre.value("SELECT count(*) FROM messages") == 2502
    _, body = await centre.call("GET", "")
    assert [one["title"] for one in body["items"]] == ["全站维护", "只给你"]
    noted = await centre.value("SELECT array_agg(after ->> 'title' ORDER BY id) FROM staff_audit")
    assert noted == ["只给你", "全站维护"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title": "a", "text": "b", "to": "13900000000"}, "没有这位会员"),
        ({"title": "a", "text": "b", "to": "nobody"}, "请填写 11 位手机号"),
        ({"text": "b", "to": PHONE}, "必填"),
        ({"title": "a", "to": PHONE}, "必填"),
        ({"title": "a", "text": "b", "to": PHONE, "link": "https://evil.example"}, "请填本站的地址"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_sent(centre: Centre, fields: dict[str, str], told: str) -> None:
    token = await staff(centre, Permission.MESSAGES_SEND)
    status, text = await desk(centre, token, audience="one", **fields)
    assert status == 422
    assert told in text
    assert await centre.value("SELECT count(*) FROM message_announcements") == 0


async def test_the_desk_is_for_who_may_send(centre: Centre) -> None:
    token = await staff(centre, Permission.MEMBERS_VIEW)
    assert (await desk(centre, token, audience="all", title="a", text="b"))[0] == 403
