"""Flash sales as people read them: guests, members, staff, other shops; both languages; bad input in forms."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from commerce.catalogue import DemoRun
from commerce.catalogue.demo.content_sales import SALES
from flashsale.seckill import demo, pages_store, reminders, words
from flashsale.seckill.board import Board
from flashsale.seckill.desk_form import fresh, posted, read
from flashsale.seckill.plot import plot
from flashsale.seckill.tally import Tally
from flashsale.seckill.types import Challenge, SecondView
from server.clock import now, shanghai, wire
from server.features import FEATURES
from server.i18n import ENGLISH, Translations
from tests.flashsale.seckill.conftest import Member, Stage

CHINESE = re.compile(r"[\u3400-\u9fff]")


class Shown(msgspec.Struct):
    """A page as it was answered."""

    status: int
    text: str
    location: str = ""


class Reader:
    """Somebody with a browser without script."""

    def __init__(self, stage: Stage, who: Member | None = None, kind: str = "member", language: str = "zh-CN") -> None:
        self.stage = stage
        self.headers = {"Accept": "text/html", "Accept-Language": language}
        if who is not None:
            self.headers["Cookie"] = f"lf_{kind}={who.token}"

    async def get(self, path: str) -> Shown:
        async with self.stage.client.get(path, headers=self.headers, allow_redirects=False) as response:
            return Shown(response.status, await response.text(), response.headers.get("Location", ""))

    async def post(self, path: str, page: str, **fields: str) -> Shown:
        """Post a form that stands on ``page``."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', (await self.get(page)).text)
        assert token is not None
        data = {"csrf_token": token[1], **fields}
        async with self.stage.client.post(path, data=data, headers=self.headers, allow_redirects=False) as response:
            return Shown(response.status, await response.text(), response.headers.get("Location", ""))


def texts(page: Shown) -> str:
    """Return what a person can read of a page."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


# --- Shoppers ---------------------------------------------------------------------------------------------------------


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
    _forget(stage, item)
    theirs = await Reader(stage, other).get(f"/flash-sales/{item}")
    assert "抢到了" not in texts(theirs)
    assert "已抢光" in texts(theirs)
    assert "1 件还没付款，可能回流" in texts(theirs)
    assert won.body["order_no"] not in theirs.text
    await stage.paid(won.body["order_no"])
    _forget(stage, item)
    after = texts(await Reader(stage, other).get(f"/flash-sales/{item}"))
    assert "可能回流" not in after


def _forget(stage: Stage, item: int) -> None:
    """Have the next look ask the stores."""
    stage.app.resource(Board).forget(item)


async def test_what_a_member_has_of_a_sale(stage: Stage) -> None:
    item = await stage.sale(limit_per_member=2)
    member, other = await stage.member(), await stage.member(address=False)
    empty = await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", other)
    assert empty.body | {"item_id": ""} == {
        "item_id": "", "taken": 0, "has_address": False, "reminder": False, "status": None, "order_no": "",
        "order_status": "", "quantity": 0, "amount": 0, "pay_before": None,
    }  # fmt: skip
    won = await stage.won(item, member, quantity=2)
    own = (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body
    assert (own["taken"], own["status"], own["order_no"], own["amount"]) == (2, "held", won.body["order_no"], 1980)
    assert own["pay_before"] == won.body["pay_before"]
    await stage.db.execute("UPDATE fs_reservations SET pay_before = now() - interval '1 second'")
    await stage.db.execute("UPDATE orders SET pay_before = now() - interval '1 second'")
    await stage.work()
    own = (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine", member)).body
    assert (own["taken"], own["status"]) == (0, "expired")
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item}/mine")).status == 401
    assert (await stage.call("GET", "/api/v1/flash-sales/999999/mine", member)).status == 404


async def test_the_bar_tells_no_exact_figure(stage: Stage) -> None:
    item = await stage.sale(quantity=100, limit_per_member=100)
    for quantity, percent in ((3, 0), (4, 5), (2, 5), (81, 90)):
        await stage.won(item, await stage.member(), quantity=quantity)
        _forget(stage, item)
        assert (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body["taken_percent"] == percent


async def test_home_and_product_pages_carry_the_sale(stage: Stage) -> None:
    guest = Reader(stage)
    assert "全部场次" not in texts(await guest.get("/"))
    item = await stage.sale(title="首页能看到的杯")
    _forget(stage, item)
    home = await guest.get("/")
    assert "首页能看到的杯" in texts(home)
    assert f'href="/flash-sales/{item}"' in home.text
    product = await guest.get(f"/products/{stage.product_id}")
    assert f'href="/flash-sales/{item}"' in product.text
    assert "去抢" in texts(product)
    await stage.staff_call("POST", f"/{item}/end")
    assert f'href="/flash-sales/{item}"' not in (await guest.get(f"/products/{stage.product_id}")).text


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


# --- The demo ---------------------------------------------------------------------------------------------------------


async def test_the_demo_has_sales_and_does_not_pile_them_up(stage: Stage) -> None:
    for sale in SALES:
        sku_id = await stage.sku(units=10, price=sale.price + 1000)
        await stage.db.execute("UPDATE skus SET code = $1 WHERE id = $2", sale.sku, sku_id)
    said: list[str] = []
    for _ in range(2):
        await demo.add_sales(DemoRun(app=stage.app, say=said.append))
    items = await stage.db.fetch("SELECT * FROM fs_items ORDER BY starts_at")
    assert f"{len(items)} flash sales added" in said[0]
    assert "0 flash sales added" in said[1]
    assert {"none", "pow", "captcha"} <= {row["challenge"] for row in items}
    assert all(row["state"] == "published" for row in items)
    at = now()
    assert sum(row["starts_at"] <= at < row["ends_at"] for row in items) >= 4
    assert any(timedelta() < row["starts_at"] - at < timedelta(minutes=5) for row in items)
    free = await stage.db.fetchval(
        "SELECT min(on_hand - allocated) FROM stock WHERE sku_id IN (SELECT sku_id FROM fs_items)"
    )
    assert free >= 5000


# --- Staff ------------------------------------------------------------------------------------------------------------


def form(stage: Stage, **changes: str) -> dict[str, str]:
    """Return the fields of a plan for the next hour, as typed."""
    draft = fresh({"sku_id": str(stage.sku_id), "title": "晚上的杯", "price": "9.90"})
    return draft.texts | changes


async def test_staff_plan_check_publish_pause_resume_and_end(stage: Stage) -> None:
    desk, base = Reader(stage, stage.staff, "staff"), "/backoffice/flash-sales"
    assert "没有符合条件的秒杀" in texts(await desk.get(base))
    found = await desk.get(f"{base}/skus?find=杯")
    assert f'value="{stage.sku_id}"' in found.text
    assert "可用 1,000 件" in texts(found)
    made = await desk.post(f"{base}/new", f"{base}/new", **form(stage))
    assert made.status == 303, texts(made)
    path = made.location.partition("?")[0]
    draft = await desk.get(made.location)
    assert "草稿存好了" in texts(draft)
    assert "比现价低 90%" in texts(draft)
    changed = await desk.post(path, path, **form(stage, quantity="200", price="19.9"))
    assert changed.location == f"{path}?done=saved"
    again = await desk.get(changed.location)
    assert 'value="19.90"' in again.text
    assert "发布时划走 200 件" in texts(again)
    short = await desk.post(path, path, **form(stage, quantity="2000"))
    assert short.status == 422
    assert "超过可用库存，还剩 1000 件" in texts(short)
    assert 'value="2000"' in short.text
    for step, state, said in (
        ("publish", "published", "已发布"),
        ("pause", "paused", "已暂停"),
        ("resume", "published", "已恢复"),
        ("end", "ended", "已结束"),
    ):
        moved = await desk.post(f"{path}/{step}", path)
        assert moved.status == 303, texts(moved)
        assert said in texts(await desk.get(moved.location))
        assert await stage.db.fetchval("SELECT state FROM fs_items") == state
    refused = await desk.post(f"{path}/resume", path)
    assert refused.status == 409
    assert "活动当前状态不能这样操作" in texts(refused)
    assert "账对得上" in texts(await desk.get(path))
    listed = await desk.get(f"{base}?show=ended&q=晚上")
    assert "晚上的杯" in texts(listed)
    assert "没有符合条件" in texts(await desk.get(f"{base}?show=on&q=100%25"))
    assert (await desk.get(f"{base}?show=sideways")).status == 404


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("sku_id", "", "请选择商品规格"),
        ("sku_id", "x", "没有这个商品规格"),
        ("sku_id", "99999999999999999999999", "没有这个商品规格"),
        ("sku_id", "424242", "没有这个商品规格"),
        ("title", "", "必填"),
        ("title", "杯" * 81, "最多 80 个字"),
        ("title", "a\x07b", "请填写活动标题"),
        ("price", "9.999", "写成 49.90 这样的金额"),
        ("price", "-1", "写成 49.90 这样的金额"),
        ("price", "0", "写成 49.90 这样的金额"),
        ("price", "９.９", "写成 49.90 这样的金额"),
        ("price", "99.00", "抢购价须低于商品现价"),
        ("quantity", "0", "填一个合理的整数"),
        ("quantity", "1e3", "填一个合理的整数"),
        ("quantity", "1000000000000", "填一个合理的整数"),
        ("quantity", "1001", "超过可用库存"),
        ("limit_per_member", "101", "每人限购不能多于活动数量"),
        ("starts_at", "yesterday", "时间不对"),
        ("starts_at", "0001-01-01T00:00", "时间不对"),
        ("ends_at", "2001-01-01T00:00", "结束时间须晚于开始时间"),
        ("pay_within_s", "86401", "填一个合理的整数"),
        ("challenge", "riddle", "没有这种验证"),
    ],
)
async def test_a_fault_stands_beside_its_field_and_nothing_that_was_typed_is_lost(
    stage: Stage, field: str, typed: str, said: str
) -> None:
    desk, path = Reader(stage, stage.staff, "staff"), "/backoffice/flash-sales/new"
    answer = await desk.post(path, path, **form(stage, **{"title": "留下来的标题", field: typed}))
    assert answer.status == 422
    assert said in texts(answer)
    if field != "title":
        assert 'value="留下来的标题"' in answer.text
    assert await stage.db.fetchval("SELECT count(*) FROM fs_items") == 0


def test_several_faults_are_told_at_once() -> None:
    draft = posted({"price": "x", "quantity": ["1", "2"], "starts_at": "2026-01-01T10:00"})
    values, faults = read(draft, lambda text: text)
    assert set(faults) == {"sku_id", "title", "price", "limit_per_member", "ends_at", "pay_within_s", "challenge"}
    assert values["quantity"] == 1
    assert wire(values["starts_at"]) == "2026-01-01T02:00:00.000Z"


async def test_shop_staff_see_and_touch_their_own_shop_only(stage: Stage) -> None:
    item = await stage.sale()
    other = await stage.db.fetchval("INSERT INTO shops (slug, name) VALUES ('o', '别家') RETURNING id")
    stranger = Reader(stage, await stage.new_staff(other, "flashsale.view", "flashsale.manage"), "staff")
    base, path = "/backoffice/flash-sales", f"/backoffice/flash-sales/{item}"
    assert "秒杀杯" not in texts(await stranger.get(base))
    for way in (path, f"{path}/live", f"{path}/books"):
        assert (await stranger.get(way)).status == 404, way
    for step in ("publish", "pause", "resume", "end", ""):
        answer = await stranger.post(f"{path}/{step}".rstrip("/"), base, **(form(stage) if not step else {}))
        assert answer.status == 404, step
    assert f'value="{stage.sku_id}"' not in (await stranger.get(f"{base}/skus?find=杯&sku_id={stage.sku_id}")).text
    made = await stranger.post(f"{base}/new", f"{base}/new", **form(stage))
    assert made.status == 422
    assert "没有这个商品规格" in texts(made)
    looker = Reader(stage, await stage.new_staff(stage.shop_id, "flashsale.view"), "staff")
    seen = await looker.get(path)
    assert seen.status == 200
    assert "账对得上" in texts(seen)
    assert 'popovertarget="end"' not in seen.text
    assert (await looker.post(f"{path}/end", path)).status == 403
    assert (await looker.get(f"{base}/new")).status == 403
    nobody = Reader(stage, await stage.new_staff(stage.shop_id, "orders.view"), "staff")
    assert (await nobody.get(base)).status == 403
    assert (await Reader(stage).get(base)).status in (302, 303, 401)
    assert await stage.db.fetchval("SELECT state FROM fs_items") == "published"


async def test_the_board_tells_what_happened(stage: Stage) -> None:
    item = await stage.sale(quantity=2)
    members = await stage.members(4)
    orders = [(await stage.won(item, member)).body["order_no"] for member in members[:2]]
    for member in members[2:]:
        assert (await stage.attempt(item, member)).code == "sold_out"
    await stage.paid(orders[0])
    await stage.app.resource(Tally).flush()
    desk = Reader(stage, stage.staff, "staff")
    board = await desk.get(f"/backoffice/flash-sales/{item}")
    said = texts(board)
    assert "已付 1" in said
    assert "待付 1" in said
    assert "余 0" in said
    assert "已抢光，有人未付款时会重新放出" in said
    assert "50.0%" in said
    assert "账对得上：余 0 + 在手 1 + 已卖 1 = 分配 2" in said
    assert all(f'href="/backoffice/orders/{order}"' in board.text for order in orders)
    live = await desk.get(f"/backoffice/flash-sales/{item}/live")
    assert live.text.lstrip().startswith('<div id="live"')
    assert "<html" not in live.text
    # A planted corruption is named on the board.
    await stage.db.execute("UPDATE orders SET amount = amount + 1 WHERE order_no = $1", orders[1])
    books = texts(await desk.get(f"/backoffice/flash-sales/{item}/books"))
    assert "账对不上" in books
    assert "order_content" in books


def test_the_chart_draws_the_seconds_that_are_over() -> None:
    at = now().replace(microsecond=0)
    seconds = [
        SecondView(at=wire(at - timedelta(seconds=n)), attempts=attempts, won=won)
        for n, attempts, won in ((60, 700, 3), (2, 40, 0), (0, 9, 0))
    ]
    drawn = plot(seconds, at)
    assert (drawn.peak, drawn.last) == (700, 40)
    assert [tick.text for tick in drawn.ticks] == ["0", "400", "800"]
    assert len(drawn.attempts.split()) == 120
    assert [row[1:] for row in drawn.rows] == [(9, 0), (40, 0), (700, 3)]
    assert plot([], at).peak == 0
