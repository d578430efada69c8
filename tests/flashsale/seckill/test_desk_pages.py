"""Flash sales as staff plan and watch them; other shops' staff; bad input in forms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flashsale.seckill import attempt
from flashsale.seckill.desk_form import fresh, posted, read
from flashsale.seckill.plot import plot
from flashsale.seckill.tally import Tally
from flashsale.seckill.views import SecondView
from server.clock import now, wire
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.reader import Reader, texts


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
        ("price", "1000000000000", "最高 10 亿元"),
        ("price", "99.00", "抢购价须低于商品现价"),
        ("quantity", "0", "填 1 到 1,000,000 的整数"),
        ("quantity", "1e3", "填 1 到 1,000,000 的整数"),
        ("quantity", "1000000000000", "填 1 到 1,000,000 的整数"),
        ("quantity", "1001", "超过可用库存"),
        ("limit_per_member", "101", "每人限购不能多于活动数量"),
        ("starts_at", "yesterday", "时间不对"),
        ("starts_at", "0001-01-01T00:00", "时间不对"),
        ("ends_at", "2001-01-01T00:00", "结束时间须晚于开始时间"),
        ("pay_within_s", "86401", "填 1 到 86,400 的整数"),
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


async def test_what_cannot_be_read_and_what_may_not_be_are_told_together(stage: Stage) -> None:
    desk = Reader(stage, stage.staff, "staff")
    wrong = form(stage, price="9900", quantity="0", starts_at="2020-01-02T10:00", ends_at="2020-01-01T10:00")
    made = await desk.post("/backoffice/flash-sales/new", "/backoffice/flash-sales/new", **wrong)
    said = texts(made)
    assert made.status == 422
    assert "有 3 处要改" in said
    for fault in ("抢购价须低于商品现价", "填 1 到 1,000,000 的整数", "结束时间须晚于开始时间"):
        assert fault in said, fault
    item = await stage.draft()
    path = f"/backoffice/flash-sales/{item}"
    saved = texts(await desk.post(path, path, **form(stage, title=" ", price="9900", ends_at="2020-01-01T10:00")))
    assert "有 3 处要改" in saved
    assert "必填" in saved


async def test_the_search_for_a_sku_says_how_many_it_does_not_show(stage: Stage) -> None:
    desk = Reader(stage, stage.staff, "staff")
    assert "显示前" not in texts(await desk.get("/backoffice/flash-sales/skus?find=杯"))
    for _ in range(8):
        await stage.sku()
    assert "显示前 8 个，共 9 个，继续输入缩小范围" in texts(await desk.get("/backoffice/flash-sales/skus?find=杯"))


async def test_the_peak_is_that_of_the_whole_sale(stage: Stage) -> None:
    item = await stage.sale(pay_within_s=600)
    await stage.db.executemany(
        "INSERT INTO fs_figures (item_id, at, outcome, n) "
        "VALUES ($1, date_trunc('second', now()) - $2::interval, $3, $4)",
        [
            (item, timedelta(minutes=5), "won", 3),
            (item, timedelta(minutes=5), "sold_out", 1200),
            (item, timedelta(seconds=20), "sold_out", 7),
        ],
    )
    figures = (await stage.staff_call("GET", f"/{item}")).body
    assert (figures["attempts"], figures["peak"]) == (1210, 1203)
    live = texts(await Reader(stage, stage.staff, "staff").get(f"/backoffice/flash-sales/{item}/live"))
    assert "本场 1,210 次 · 峰值 1,203 次/秒" in live
    assert "10 分钟" in live
    assert "600 秒" not in live


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


async def test_the_board_tells_what_happened(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Who hears 202 on a slow machine asks again, and would be counted again.
    monkeypatch.setattr(attempt, "PATIENCE", 30.0)
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
    assert [tick.y for tick in drawn.ticks] == [160, 80, 0]
    assert drawn.attempts.startswith("M0.0,")
    assert drawn.attempts.rpartition(" ")[2].startswith("720.0,")
    assert plot([], at).peak == 0
