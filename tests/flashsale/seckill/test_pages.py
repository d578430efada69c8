"""Flash sales as shoppers read them: guests and members, both languages, reminders."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from flashsale.seckill import pages_store, reminders, words
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
    }  # fmt: skip
    won = await stage.won(item, member, quantity=2)
    own = (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body
    assert (own["taken"], own["status"], own["order_no"], own["amount"]) == (2, "held", won.body["order_no"], 1980)
    assert own["pay_before"] == won.body["pay_before"]
    await stage.db.execute("UPDATE fs_reservations SET pay_before = now() - interval '1 second'")
    await stage.db.execute("UPDATE orders SET pay_before = now() - interval '1 second'")
    await stage.work()
    own = (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body
    assert (own["taken"], own["status"], own["cancelled_by"]) == (0, "expired", "system")
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine")).status == 401
    assert (await stage.call("GET", "/api/v1/flash-sales/999999/mine", member)).status == 404


async def test_the_bar_tells_no_exact_figure(stage: Stage) -> None:
    item = await stage.sale(quantity=100, limit_per_member=100)
    for quantity, percent in ((3, 0), (4, 5), (2, 5), (81, 90)):
        await stage.won(item, await stage.member(), quantity=quantity)
        forget(stage, item)
        assert (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body["taken_percent"] == percent


def told(page: str) -> dict[str, str]:
    """Return the first offer that a product page tells search engines of."""
    [data] = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page)
    offer: dict[str, str] = json.loads(data)["offers"][0]
    return offer


async def test_home_and_product_pages_carry_the_sale(stage: Stage) -> None:
    guest = Reader(stage)
    assert "全部场次" not in texts(await guest.get("/"))
    item = await stage.sale(title="首页能看到的杯")
    forget(stage, item)
    home = await guest.get("/")
    assert "首页能看到的杯" in texts(home)
    assert f'href="/flash-sales/{item}"' in home.text
    product = await guest.get(f"/products/{stage.product_id}")
    assert f'href="/flash-sales/{item}"' in product.text
    assert "去抢" in texts(product)
    offer = told(product.text)
    assert offer["availability"] == "https://schema.org/InStock"
    assert offer["url"].endswith(f"/flash-sales/{item}")
    assert f'property="product:price:amount" content="{offer["price"]}"' in product.text
    assert 'property="product:availability" content="in stock"' in product.text
    seen = (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body
    assert (offer["price"], offer["availabilityEnds"]) == (f"{seen['price'] / 100:.2f}", seen["ends_at"])
    await stage.staff_call("POST", f"/{item}/end")
    ended = (await guest.get(f"/products/{stage.product_id}")).text
    assert f'href="/flash-sales/{item}"' not in ended
    assert told(ended)["availability"] == "https://schema.org/OutOfStock", "though the warehouse has some"


async def test_the_bar_of_a_product_leads_to_what_can_be_bought_or_says_why_nothing_can(stage: Stage) -> None:
    """As long as only sales sell, the page says so, and offers the nearest sale or else to keep the product."""
    at, path = now().replace(microsecond=0), f"/products/{stage.product_id}"

    async def bar(language: str = "zh-CN") -> str:
        page = await Reader(stage, language=language).get(path)
        return page.text[page.text.index('class="buybar"') :].split("</div>")[0]

    assert "也没有秒杀" in texts(await Reader(stage).get(path))
    assert "收藏，降价通知我" in await bar()
    assert "Keep, tell me" in await bar("en")
    coming = await stage.sale(starts_at=at + timedelta(days=3), ends_at=at + timedelta(days=3, hours=1))
    day = shanghai(at + timedelta(days=3)).strftime("%m-%d %H:%M")
    assert f"{day} 开抢，去设提醒" in await bar()
    assert f"Starts {day}" in await bar("en")
    assert f'href="/flash-sales/{coming}"' in await bar()
    assert "收藏" not in await bar()
    later = await stage.sale(starts_at=at + timedelta(days=4), ends_at=at + timedelta(days=4, hours=1))
    assert f'href="/flash-sales/{later}"' not in (await Reader(stage).get(path)).text
    running = await stage.sale(starts_at=at - timedelta(hours=1), ends_at=at + timedelta(hours=1))
    assert "去抢 ¥" in await bar()
    assert f'href="/flash-sales/{running}"' in await bar()
    page = texts(await Reader(stage).get(path))
    assert "普通购买还没开放，这件现在只在秒杀里卖" in page
    assert "距结束" in page
    await stage.db.execute("UPDATE fs_items SET state = 'paused', rev = rev + 1 WHERE id = $1", running)
    assert f'href="/flash-sales/{coming}"' in await bar()  # what cannot be bought from now stands behind


async def test_a_product_page_is_not_kept_with_an_older_sale_than_it_was_made_after(stage: Stage) -> None:
    """What another process does to a sale to come shows at once, not when the page is made the next time."""
    at = now().replace(microsecond=0)
    item = await stage.sale(starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2))
    guest, path = Reader(stage), f"/products/{stage.product_id}"
    assert "暂停" not in texts(await guest.get(path))
    await stage.db.execute("UPDATE fs_items SET state = 'paused', rev = rev + 1 WHERE id = $1", item)
    assert "暂停" in texts(await guest.get(path))
    await stage.db.execute("UPDATE fs_items SET state = 'published', rev = rev + 1 WHERE id = $1", item)
    assert "暂停" not in texts(await guest.get(path))


async def test_home_shows_every_session_that_is_on_and_the_next_one(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    windows = [(-90, 60), (-20, 30), (45, 120), (300, 360)]
    for n, (starts, ends) in enumerate(windows):
        await stage.sale(
            title=f"第{n}场的杯",
            starts_at=at + timedelta(minutes=starts),
            ends_at=at + timedelta(minutes=ends),
            sku_id=str(await stage.sku()),
        )
    home = await Reader(stage).get("/")
    shown = texts(home)
    # What began last comes first, then the other that is on, then the next; what comes after that is in the list.
    assert [shown.find(f"第{n}场的杯") for n in (1, 0, 2)] == sorted(shown.find(f"第{n}场的杯") for n in (1, 0, 2))
    assert all(f"第{n}场的杯" in shown for n in (0, 1, 2))
    assert "第3场的杯" not in shown
    hours = [shanghai(at + timedelta(minutes=windows[n][0])).strftime("%H:%M") for n in (1, 0, 2)]
    assert re.findall(r'type="radio" name="session"[^>]*><b>([\d:]+)</b>', home.text) == hours
    assert home.text.count('name="session" value="1" autocomplete="off" checked') == 1


async def test_the_session_with_the_most_to_buy_stands_first(stage: Stage) -> None:
    """One sale that began a moment ago does not hide the four of the hour."""
    at = now().replace(microsecond=0)
    for n, starts in enumerate((-60, -60, -5, 30)):
        await stage.sale(
            title=f"第{n}只杯",
            starts_at=at + timedelta(minutes=starts),
            ends_at=at + timedelta(minutes=90),
            sku_id=str(await stage.sku()),
        )
    home = await Reader(stage).get("/")
    hours = [shanghai(at + timedelta(minutes=n)).strftime("%H:%M") for n in (-60, -5, 30)]
    assert re.findall(r'type="radio" name="session"[^>]*><b>([\d:]+)</b>', home.text) == hours
    listed = texts(await Reader(stage).get("/flash-sales"))
    assert "第0只杯" in listed
    assert "第2只杯" not in listed


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


async def test_a_reminder_goes_out_once_five_minutes_before_the_start(stage: Stage) -> None:
    at = now()
    soon = await stage.sale(title="快开抢的杯", starts_at=at + timedelta(minutes=4))
    later = await stage.sale(
        starts_at=at + timedelta(minutes=30), ends_at=at + timedelta(hours=1), sku_id=str(await stage.sku())
    )
    member, other = await stage.members(2)
    for item in (soon, later):
        for _ in range(2):
            answer = await stage.call("POST", f"/api/v1/flash-sales/{item}/reminder", member, {})
            assert (answer.status, answer.body) == (200, {"item_id": str(item), "on": True})
    assert "已设提醒" in texts(await Reader(stage, member).get(f"/flash-sales/{later}"))
    assert "已设提醒" not in texts(await Reader(stage, other).get(f"/flash-sales/{later}"))
    for _ in range(2):
        await reminders.send_due(stage.app)
    told = await stage.db.fetch("SELECT member_id, payload FROM member_notices WHERE kind = 'reminder'")
    assert [(row["member_id"], row["payload"]["item_id"]) for row in told] == [(member.id, str(soon))]
    assert told[0]["payload"]["title"] == "快开抢的杯"
    kept = await stage.db.fetch("SELECT member_id, kind, facts, link FROM messages")
    assert [(row["member_id"], row["kind"], row["link"]) for row in kept] == [
        (member.id, "flashsale.soon", f"/flash-sales/{soon}")
    ]
    assert kept[0]["facts"]["title"] == "快开抢的杯"


async def test_no_reminder_is_offered_that_would_come_too_late(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    soon, later = at + timedelta(minutes=4), at + timedelta(minutes=30)
    item = await stage.sale(starts_at=soon, ends_at=at + timedelta(hours=1))
    await stage.sale(starts_at=later, ends_at=at + timedelta(hours=1), sku_id=str(await stage.sku()))
    member = await stage.member()
    for who in (member, None):
        reader = Reader(stage, who)
        said = texts(await reader.get(f"/flash-sales?at={int(soon.timestamp())}"))
        assert "马上开抢" in said
        assert "提醒我" not in said
        said = texts(await reader.get(f"/flash-sales?at={int(later.timestamp())}"))
        assert "马上开抢" not in said
        assert "提醒我" in said
    assert "马上开抢，别走开" in texts(await Reader(stage, member).get(f"/flash-sales/{item}"))


async def test_reminders_are_switched_by_a_plain_form_too(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    item = await stage.sale(starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2))
    member = await stage.member()
    reader, path = Reader(stage, member), f"/flash-sales/{item}"
    answer = await reader.post(f"{path}/reminder", path, on="1", back="1700000000")
    assert (answer.status, answer.location) == (303, "/flash-sales?at=1700000000")
    async with stage.app.database.connection() as connection:
        assert await pages_store.reminded(connection, member.id, [item]) == {item}
    answer = await reader.post(f"{path}/reminder", path, on="0", back="//elsewhere.example")
    assert (answer.status, answer.location) == (303, path)
    async with stage.app.database.connection() as connection:
        assert await pages_store.reminded(connection, member.id, [item]) == set()
    gone = await stage.call("DELETE", f"/api/v1/flash-sales/{item}/reminder", member)
    assert (gone.status, gone.body["on"]) == (200, False)
    guest = await stage.call("POST", f"/api/v1/flash-sales/{item}/reminder", None, {})
    assert guest.status == 401
    assert (await stage.call("POST", "/api/v1/flash-sales/999999/reminder", member, {})).status == 404
    await stage.staff_call("POST", f"/{item}/end")
    assert (await stage.call("POST", f"/api/v1/flash-sales/{item}/reminder", member, {})).code == "ended"
