"""Flash sales as shoppers read them: guests and members, both languages, reminders."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from flashsale.seckill import pages_store, words
from flashsale.seckill.types import Challenge
from server.clock import now, shanghai
from server.features import FEATURES
from server.i18n import ENGLISH, Translations
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.reader import CHINESE, Reader, forget, texts


async def test_the_empty_list_says_so_and_shows_a_way_on(stage: Stage) -> None:
    page = await Reader(stage).get("/flash-sales")
    assert page.status == 200
    assert "还没有排好的秒杀" in texts(page)
    assert 'href="/categories"' in page.text


async def test_sessions_are_listed_by_their_start_and_the_one_that_is_on_is_chosen(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    on = await stage.sale(title="正在抢的杯")
    later = await stage.sale(
        title="晚点的杯",
        starts_at=at + timedelta(hours=3),
        ends_at=at + timedelta(hours=4),
        sku_id=str(await stage.sku()),
    )
    draft = await stage.draft(title="没发布的杯", sku_id=str(await stage.sku()))
    guest = Reader(stage)
    page = await guest.get("/flash-sales")
    assert "正在抢的杯" in texts(page)
    assert "晚点的杯" not in texts(page)
    assert "没发布的杯" not in page.text
    assert f'href="/flash-sales/{on}"' in page.text
    key = int((at + timedelta(hours=3)).timestamp())
    assert f"/flash-sales?at={key}" in page.text
    coming = await guest.get(f"/flash-sales?at={key}")
    assert "晚点的杯" in texts(coming)
    assert "提醒我" in texts(coming)
    # A guest is asked to log in and comes back to the same session.
    assert f"/login?next=/flash-sales%3Fat%3D{key}" in coming.text
    day = shanghai(at + timedelta(days=3)).date()
    assert "这一天没有场次" in texts(await guest.get(f"/flash-sales?day={day}"))
    for odd in ("?at=x", "?day=2026-13-45", "?at=" + "9" * 40):
        assert (await guest.get(f"/flash-sales{odd}")).status == 200, odd
    assert (await guest.get(f"/flash-sales/{draft}")).status == 404
    assert (await guest.get("/flash-sales/999999")).status == 404
    assert (await guest.get(f"/flash-sales/{later}")).status == 200


async def test_a_page_tells_each_reader_what_is_true_for_them(stage: Stage) -> None:
    item = await stage.sale(quantity=1)
    member, other = await stage.members(2)
    assert "登录后抢" in texts(await Reader(stage).get(f"/flash-sales/{item}"))
    page = await Reader(stage, member).get(f"/flash-sales/{item}")
    assert "立即抢 ¥9.90" in texts(page)
    assert "登录后抢" not in texts(page)
    won = await stage.won(item, member)
    mine = await Reader(stage, member).get(f"/flash-sales/{item}")
    assert "抢到了" in texts(mine)
    assert f'href="/orders/{won.body["order_no"]}/pay"' in mine.text
    forget(stage, item)
    theirs = await Reader(stage, other).get(f"/flash-sales/{item}")
    assert "抢到了" not in texts(theirs)
    assert "已抢光" in texts(theirs)
    assert "1 件还没付款，可能回流" in texts(theirs)
    assert won.body["order_no"] not in theirs.text
    await stage.paid(won.body["order_no"])
    forget(stage, item)
    after = texts(await Reader(stage, other).get(f"/flash-sales/{item}"))
    assert "可能回流" not in after


async def test_specs_stand_in_the_order_of_the_product(stage: Stage) -> None:
    sku_id = await stage.sku()
    await stage.db.execute("UPDATE products SET spec_names = '{颜色,容量}' WHERE id = $1", stage.product_id)
    # jsonb has the capacity first, whatever is written.
    await stage.db.execute("UPDATE skus SET specs = $1 WHERE id = $2", {"颜色": "墨", "容量": "500 ml"}, sku_id)
    item, member = await stage.sale(sku_id=str(sku_id)), await stage.member()
    assert list((await stage.call("GET", f"/api/v1/flash-sales/{item}")).body["specs"].items()) == [
        ("颜色", "墨"),
        ("容量", "500 ml"),
    ]
    assert "墨·500 ml" in texts(await Reader(stage).get(f"/flash-sales/{item}"))
    order = (await stage.won(item, member)).body["order_no"]
    assert "墨·500 ml" in texts(await Reader(stage, member).get(f"/orders/{order}"))
    line = (await stage.call("GET", f"/api/v1/orders/{order}", member)).body["lines"][0]
    assert list(line["specs"]) == ["颜色", "容量"]


async def test_a_price_and_a_sum_have_one_form_each(stage: Stage) -> None:
    item = await stage.sale(sku_id=str(await stage.sku(price=200000)), price=150000)
    member = await stage.member()
    page = await Reader(stage, member).get(f"/flash-sales/{item}")
    # What one thing costs, also on the button: no fen that are none.
    assert "立即抢 ¥1,500" in texts(page)
    assert "1,500.00" not in texts(page)
    assert "1500" not in texts(page)
    await stage.won(item, member)
    # What is to be paid: every fen, also on the button.
    assert "去付款 ¥1,500.00" in texts(await Reader(stage, member).get(f"/flash-sales/{item}"))


async def test_what_a_member_has_of_a_sale(stage: Stage) -> None:
    item = await stage.sale(limit_per_member=2)
    member, other = await stage.member(), await stage.member(address=False)
    empty = await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", other)
    assert empty.body | {"item_id": ""} == {
        "item_id": "", "taken": 0, "has_address": False, "reminder": False, "status": None, "order_no": "",
        "order_status": "", "quantity": 0, "amount": 0, "pay_before": None, "cancelled_by": None,
        "send_to": None,
    }  # fmt: skip
    won = await stage.won(item, member, quantity=2)
    own = (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body
    assert (own["taken"], own["status"], own["order_no"], own["amount"]) == (2, "held", won.body["order_no"], 1980)
    assert own["pay_before"] == won.body["pay_before"]
    kept = own["send_to"]
    assert "****" in kept["phone"]
    await stage.db.execute("UPDATE addresses SET name = '别人'")
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body["send_to"] == kept
    await stage.db.execute("UPDATE fs_reservations SET pay_before = now() - interval '1 second'")
    await stage.db.execute("UPDATE orders SET pay_before = now() - interval '1 second'")
    await stage.work()
    own = (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body
    assert (own["taken"], own["status"], own["cancelled_by"]) == (0, "expired", "system")
    assert own["send_to"] == kept | {"name": "别人"}, "where the next one would go"
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine")).status == 401
    assert (await stage.call("GET", "/api/v1/flash-sales/999999/mine", member)).status == 404


async def test_who_won_without_an_address_chooses_one_until_it_is_sent(stage: Stage) -> None:
    item, member = await stage.sale(), await stage.member()
    ticket = await stage.ticket(item, member)
    book = (await stage.call("GET", "/api/v1/addresses", member)).body["items"]
    assert (await stage.call("DELETE", f"/api/v1/addresses/{book[0]['id']}", member)).status == 204
    number = (await stage.won(item, member, ticket=ticket)).body["order_no"]
    reader, desk = Reader(stage, member), Reader(stage, stage.staff, "staff")
    looker = Reader(stage, await stage.new_staff(stage.shop_id, "orders.view"), "staff")
    none = "还没有收货地址"
    for who, path, said in (
        (desk, "/backoffice/orders", none),
        (desk, f"/backoffice/orders/{number}", none),
        (looker, f"/backoffice/orders/{number}", none),
        (reader, f"/orders/{number}", "去选择"),
        (reader, f"/flash-sales/{item}", "去选择"),
        (reader, "/orders", number),
    ):
        page = await who.get(path)
        assert (page.status, said in page.text) == (200, True), path
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body["send_to"] is None
    empty = {"id": 0, "name": "", "phone": "", "region_code": "", "region": "", "detail": ""}
    assert (await stage.call("GET", f"/api/v1/orders/{number}", member)).body["address"] == empty
    shipment = f"/api/v1/backoffice/orders/{number}/shipment"
    for staff in (stage.staff, await stage.new_staff(stage.shop_id, "orders.view")):
        assert (await stage.call("GET", shipment, staff)).body["address"] == empty

    await stage.paid(number)
    parcel = {"carrier": "sf", "tracking_no": "SF1390000001"}
    refused = await stage.call("POST", shipment, stage.staff, parcel, headers={"Idempotency-Key": "too-early"})
    assert (refused.status, refused.body["error"]["code"]) == (409, "no_address")
    desked = f"/backoffice/orders/{number}"
    assert "买家还没有选收货地址" in texts(await desk.get(desked))
    pressed = await desk.post(f"{desked}/ship", desked, **parcel)
    assert (pressed.status, texts(pressed).count("买家还没有选收货地址")) == (409, 1)
    await stage.address(member.id)
    chosen = (await stage.call("GET", "/api/v1/addresses", member)).body["items"][0]["id"]
    way = f"/orders/{number}"
    assert (await reader.post(f"{way}/address", way, address_id=chosen)).status == 303
    assert "漕溪北路" in texts(await reader.get(way))
    assert "漕溪北路" in texts(await desk.get(desked))
    sent = await stage.call("POST", shipment, stage.staff, parcel, headers={"Idempotency-Key": "now"})
    assert sent.status == 201, sent


async def test_the_bar_tells_no_exact_figure(stage: Stage) -> None:
    item = await stage.sale(quantity=100, limit_per_member=100)
    for quantity, percent in ((3, 0), (4, 5), (2, 5), (81, 90)):
        await stage.won(item, await stage.member(), quantity=quantity)
        forget(stage, item)
        assert (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body["taken_percent"] == percent


async def test_what_is_not_listed_is_there_for_whoever_has_its_address(stage: Stage) -> None:
    item = await stage.sale(title="压测的杯", listed=False)
    guest, desk = Reader(stage), Reader(stage, stage.staff, "staff")
    for path in ("/", "/flash-sales", f"/products/{stage.product_id}", "/api/v1/flash-sales"):
        page = await guest.get(path)
        assert page.status == 200
        assert "压测的杯" not in page.text, path
        assert f"/flash-sales/{item}" not in page.text, path
    assert "压测的杯" in texts(await guest.get(f"/flash-sales/{item}"))
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body["phase"] == "running"
    await stage.won(item, await stage.member())
    assert "不进列表" in texts(await desk.get("/backoffice/flash-sales"))
    assert "不进首页和列表，凭链接打开" in texts(await desk.get(f"/backoffice/flash-sales/{item}"))
    assert (await stage.staff_call("GET", f"/{item}")).body["listed"] is False
    other = await stage.draft(sku_id=str(await stage.sku()))
    changed = await stage.staff_call("PATCH", f"/{other}", {"listed": False})
    assert (changed.status, changed.body["listed"]) == (200, False)


@pytest.mark.parametrize("challenge", list(Challenge))
async def test_pages_speak_english(stage: Stage, challenge: Challenge) -> None:
    at = now()
    title = "Cup"
    on = await stage.sale(title=title, challenge=challenge, limit_per_member=2)
    soon = await stage.sale(title=title, starts_at=at + timedelta(minutes=5), sku_id=str(await stage.sku()))
    member = await stage.member()
    await stage.db.execute("UPDATE addresses SET name = 'Lin', region = 'Shanghai', detail = '1 Hill Road'")
    reader = Reader(stage, member, language="en")
    desk = Reader(stage, stage.staff, "staff", language="en")
    product, brand = "杯", "凌峰"
    for page in (
        await reader.get(f"/flash-sales/{on}"),
        await reader.get(f"/flash-sales/{soon}"),
        await reader.get("/flash-sales"),
        await desk.get("/backoffice/flash-sales"),
        await desk.get("/backoffice/flash-sales/new"),
        await desk.get(f"/backoffice/flash-sales/{on}"),
    ):
        said = texts(page)
        for name in (product, brand, "颜色", "中文", "买家", "员工", "员", "店"):
            said = said.replace(name, "")
        assert not CHINESE.findall(said), said


def test_every_text_of_the_scripts_is_translated() -> None:
    english = Translations(FEATURES).of(ENGLISH)
    assert [text for text in words.TEXTS if text not in english.texts] == []


def test_every_text_of_the_scripts_is_handed_over() -> None:
    folder = Path(pages_store.__file__).parent / "static"
    said = set()
    for name in ("faces", "item", "list"):
        script = (folder / f"{name}.mjs").read_text()
        said |= set(re.findall(r'(?<![\w.])(?:v\.)?t\(\s*"([^"]+)"', script))
        # Chinese stands in calls of t() alone.
        bare = re.sub(r'(?<![\w.])(?:v\.)?t\(\s*"[^"]+"', "", re.sub(r"//.*", "", script))
        bare = re.sub(r'\? "[^"]*" : "[^"]*"', "", bare)
        assert not CHINESE.search(bare), CHINESE.search(bare)
    assert said - set(words.TEXTS) == set()


# --- Reminders --------------------------------------------------------------------------------------------------------
