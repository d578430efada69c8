"""Reviews and questions of the demo: much praise, some blame, and a few words for who decides what may stand."""

from __future__ import annotations

import asyncio
import io
import random
from datetime import timedelta
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from commerce.catalogue import DemoStep
from commerce.catalogue.demo_steps import DemoRun
from commerce.members.store import member_by_phone
from commerce.reviews import ask, demo_store, moderate, store, video_store, weigh, write
from commerce.reviews.demo_store import Received
from commerce.reviews.types import ReportReason
from commerce.reviews.videos import KEPT_HOURS, MOST_WAITING, SHELF
from server import uploads
from server.clock import now
from server.database import Connection
from server.pictures import encode
from server.videos import read

_PRAISE = (
    (5, "比想象的好，做工扎实，边角都处理得很干净。\n快递也快，第二天就到了。"),
    (5, "给家里人买的，他们很喜欢。"),
    (5, "第二次买了，一直很稳。"),
    (4, "东西不错，包装可以再环保一点。"),
    (5, "颜色和图上一样，没有色差，拿在手里很舒服。"),
    (5, ""),
    (4, "用了一周，暂时没发现问题。价格合适。"),
    (3, "一般般，没有宣传的那么好，也不差。"),
    (5, "客服回答得很耐心，发货前还确认了规格。"),
    (2, "收到时盒子压坏了，里面没事，但送人有点拿不出手。"),
    (5, "同事看到都问链接。"),
    (1, "等了五天才到，和说好的不一样。"),
)
_REPLIES = {
    2: "抱歉让您为难了，包装已经改成加厚的，需要补寄礼盒的话，追评里告诉我们。",
    1: "很抱歉，那几天暴雨路断了。运费已退回，希望还有机会让您满意。",
    4: "谢谢建议，新一批已经换成可回收的纸盒。",
}
_ADDED = ("用了一个多星期回来追评：没有变化，还是很满意。", "天天在用，值这个价。")
_TALK = (
    ("会有味道吗？", "刚拆开有一点点，通风半天就没了。"),
    ("送人合适吗？", "合适，我就是送人的，盒子挺像样。"),
    ("和旧款有什么区别？", ""),
)
_WATCHED = "加微信\n刷单\n返现\n高仿"
_FILM = Path(__file__).with_name("demo_film.webm")
_SHADES = (("#e8d9c3", "#7d5a3c"), ("#d9e2dc", "#2f5d50"), ("#e9e3ea", "#5b4a74"))


def _photo(shade: tuple[str, str], seed: int) -> bytes:
    """Return a drawn picture of something on a table, as a phone would send it."""
    chance = random.Random(seed)
    ground, thing = shade
    picture = Image.new("RGB", (640, 640), ground)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 400, 640, 640), fill=thing)
    picture = picture.filter(ImageFilter.GaussianBlur(40))
    draw = ImageDraw.Draw(picture)
    left, top = chance.randint(170, 230), chance.randint(120, 180)
    draw.rounded_rectangle((left, top, left + 220, 520), 50, fill=thing)
    draw.rounded_rectangle((left + 26, top + 44, left + 46, 450), 10, fill=ground)
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1)).save(out, "JPEG", quality=85)
    return out.getvalue()


async def add_reviews(run: DemoRun) -> None:
    """Let the demo's members say what they think of what they received, once; the first one has some left to do."""
    app = run.app
    pictures = [await asyncio.to_thread(encode, _photo(shade, at)) for at, shade in enumerate(_SHADES)]
    async with app.database.transaction() as connection:
        if await demo_store.any_remark(connection):
            return
        people = [found for one in run.members if (found := await member_by_phone(connection, one.login))]
        staff_id = await demo_store.some_staff(connection)
        lines = await demo_store.received(connection, [one.login for one in run.members])
        if len(people) < 4 or staff_id is None or not lines:
            return
        await moderate.watch(connection, staff_id, _WATCHED)
        for line in lines:
            await store.note_buyer(connection, line.order_id, line.at)
        addresses = []
        for picture in pictures:
            assert not isinstance(picture, str)
            addresses.append((await uploads.store(app, connection, f"member:{people[1].id}", picture)).url)
        first = people[0].id
        told = [line for line in lines if line.member_id != first or line.product_id == lines[0].product_id]
        film = await _film(run, connection, told[0].member_id)
        made = [
            await _review(connection, at, line, addresses, staff_id, "" if at else film) for at, line in enumerate(told)
        ]
        for product_id in sorted({line.product_id for line in told})[:4]:
            buyers = [line.member_id for line in told if line.product_id == product_id]
            await _talk(connection, product_id, first, buyers[0], staff_id)
        for at, (remark_id, writer) in enumerate(made):
            for voter in people[: (len(made) - at) % 5]:
                if voter.id != writer and _PRAISE[at % len(_PRAISE)][1]:
                    await weigh.vote(connection, voter.id, remark_id, on=True)
        await _trouble(connection, made, first)
    run.say(f"  {len(made)} reviews")


async def _film(run: DemoRun, connection: Connection, member_id: int) -> str:
    """Let a member have uploaded the demo's video, and return its address."""
    film = await asyncio.to_thread(lambda: read(_FILM.read_bytes()))
    address = SHELF.address_of(film)
    await video_store.add(connection, member_id, address, len(film.body), film.milliseconds, KEPT_HOURS, MOST_WAITING)
    await SHELF.keep(run.app, film)
    return address


async def _review(
    connection: Connection, at: int, line: Received, pictures: list[str], staff_id: int, film: str
) -> tuple[int, int]:
    """Write a review, some with pictures, a video, a reply or a later addition; return its id and its writer."""
    rating, text = _PRAISE[at % len(_PRAISE)]
    shown = pictures[: at % 3 + 1] if at % 4 == 0 else []
    made = await write.review(connection, line.member_id, line.line_id, rating, text, shown, at % 3 == 1, film)
    if at % 5 == 0:
        added = await write.follow_up(connection, line.member_id, made.id, _ADDED[at // 5 % len(_ADDED)], [])
        await demo_store.date(connection, added.id, min(line.at + timedelta(days=9), now()))
    if rating in _REPLIES:
        await moderate.reply(connection, staff_id, None, made.id, _REPLIES[rating])
    wrote = line.at + timedelta(hours=5 + at * 7 % 60)
    await demo_store.date(connection, made.id, min(wrote, now()), min(wrote + timedelta(hours=9), now()))
    return made.id, line.member_id


async def _talk(connection: Connection, product_id: int, asker: int, buyer: int, staff_id: int) -> None:
    for at, (question, answer) in enumerate(_TALK):
        asked = await ask.ask(connection, asker, product_id, question, anonymous=at == 1)
        await demo_store.date(connection, asked.id, now() - timedelta(days=6 - at, hours=at))
        if answer:
            made = await ask.answer(connection, buyer, asked.id, answer, anonymous=False)
            await demo_store.date(connection, made.id, now() - timedelta(days=5 - at))
        if at == 0:
            await moderate.reply(connection, staff_id, None, asked.id, "食品级材料，有检测报告，可以放心。")


async def _trouble(connection: Connection, made: list[tuple[int, int]], reporter: int) -> None:
    """Leave something to decide: a question that met a watched word, and a report."""
    remark = await store.remark(connection, made[0][0])
    assert remark is not None
    await ask.ask(connection, reporter, remark.product_id, "想要便宜的加 微 信 说", anonymous=False)
    await weigh.report(connection, reporter, made[-1][0], ReportReason.FALSE, "他说的不是这件商品")


STEP = DemoStep(name="reviews", position=65, run=add_reviews)
