"""Reviews and questions of the demo: much praise, some blame, and a few words for who decides what may stand.

They are written down as they would have been, without the way that members and shops take: all of them are over.
"""

from __future__ import annotations

import asyncio
import io
import random
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image

from commerce.catalogue import DemoStep
from commerce.catalogue.demo_steps import DemoRun
from commerce.members.store import member_by_phone
from commerce.reviews import ask, demo_store, letters, moderate, store, video_store, weigh, write
from commerce.reviews.demo import ASKED, TOLD, Asked, Told
from commerce.reviews.demo.photos import FOLDER
from commerce.reviews.demo_store import Buyer, Dated, Received
from commerce.reviews.types import NewRemark, RemarkKind, RemarkState, ReportReason
from commerce.reviews.videos import KEPT_HOURS, MOST_WAITING, SHELF
from server import uploads
from server.clock import now
from server.database import Connection
from server.pictures import THUMBNAILS, Picture
from server.videos import read

_WATCHED = "加微信\n刷单\n返现\n高仿"
_FILM = Path(__file__).with_name("demo_film.webm")
_HOUR = timedelta(hours=1)
_ANSWERS_TOLD = 8


async def add_reviews(run: DemoRun) -> None:
    """Let the demo's members say what they think of what they received, once; the first one has some left to do."""
    async with run.app.database.transaction() as connection:
        if await demo_store.any_remark(connection):
            return
        people = [found.id for one in run.members if (found := await member_by_phone(connection, one.login))]
        staff_id = await demo_store.some_staff(connection)
        lines = await demo_store.received(connection, people)
        if len(people) < 4 or staff_id is None or not lines:
            return
        await moderate.watch(connection, staff_id, _WATCHED)
        for order_id, at in sorted({(line.order_id, line.at) for line in lines}):
            await store.note_buyer(connection, order_id, at)
        left = {
            line.line_id for line in lines if line.member_id == people[0] and line.product_id != lines[0].product_id
        }
        demo = _Demo(run, connection, people, staff_id)
        await demo.review([line for line in lines if line.line_id not in left])
        await demo.talk()
        await demo_store.date(connection, demo.dated)
        await demo.told()
        await _trouble(connection, demo.reviews, people[0])
    run.say(f"  {len(demo.reviews)} reviews, {demo.questions} questions")


class _Demo:
    """What was said so far, by whom."""

    def __init__(self, run: DemoRun, connection: Connection, people: list[int], staff_id: int) -> None:
        self._run, self._connection, self._people, self._staff_id = run, connection, people, staff_id
        self._chance = random.Random(31)  # the same for every demo
        self._now = now()
        self.reviews: list[tuple[int, int]] = []
        """Reviews with their writers, the oldest first."""
        self.questions = 0
        self.dated: list[Dated] = []
        self._answered: list[tuple[datetime, int]] = []

    async def review(self, lines: list[Received]) -> None:
        """Write what is told of these lines, and who finds it useful."""
        waiting = {slug: list(told) for slug, told in TOLD.items()}
        found: list[tuple[datetime, Received, Told]] = []
        for line in lines:
            told = next((one for one in waiting.get(line.slug, ()) if not one.spec or one.spec in line.specs), None)
            if told is not None:
                waiting[line.slug].remove(told)
                wrote = line.at + _HOUR * self._chance.uniform(4, 260)
                found.append((min(wrote, self._now - _HOUR * self._chance.uniform(1, 50)), line, told))
        # In the order of their dates, as they would have come: lists go by the number.
        found.sort(key=lambda one: one[0])
        for at, line, told in found:
            await self._review(at, line, told)
        votes = []
        for (remark_id, writer), (_, _, told) in zip(self.reviews, found, strict=True):
            others = [one for one in self._people if one != writer]
            votes += [(remark_id, voter) for voter in self._chance.sample(others, min(self._useful(told), len(others)))]
        await demo_store.vote(self._connection, votes)

    def _useful(self, told: Told) -> int:
        """Return how many find a review useful: the more it tells and shows the more, and few a complaint."""
        told_much = len(told.text) // 12 + 2 * len(told.photos) + 2 * bool(told.later)
        return min(8, (told_much if told.stars > 3 else told_much // 3) + self._chance.choice((0, 0, 1, 2)))

    async def _review(self, at: datetime, line: Received, told: Told) -> None:
        film = await _film(self._run, self._connection, line.member_id) if told.film else ""
        new = NewRemark(
            kind=RemarkKind.REVIEW,
            product_id=line.product_id,
            shop_id=line.shop_id,
            text=told.text,
            member_id=line.member_id,
            line_id=line.line_id,
            spec="·".join(line.specs),
            rating=told.stars,
            anonymous=self._chance.random() < 0.3,
            pictures=[await self._photo(line.member_id, name) for name in told.photos],
            video=await write.own_video(self._connection, line.member_id, film),
        )
        remark_id = await self._say(new, at, told.reply)
        self.reviews.append((remark_id, line.member_id))
        if told.later:
            added = NewRemark(
                kind=RemarkKind.FOLLOW_UP,
                product_id=line.product_id,
                shop_id=line.shop_id,
                text=told.later,
                member_id=line.member_id,
                parent_id=remark_id,
                anonymous=new.anonymous,
            )
            await self._say(added, min(at + _HOUR * self._chance.uniform(100, 260), self._now - _HOUR))

    async def talk(self) -> None:
        """Ask about every product, and answer for its shop and as some of those who have it."""
        goods = await demo_store.goods(self._connection, list(ASKED))
        buyers = await demo_store.buyers(self._connection, [one.product_id for one in goods], self._people)
        talks = [
            (self._now - _HOUR * self._chance.uniform(9, 24 * 40), one, asked)
            for one in goods
            for asked in ASKED[one.slug]
        ]
        for at, one, asked in sorted(talks, key=lambda talk: talk[0]):
            await self._talk(at, one.product_id, one.shop_id, asked, buyers.get(one.product_id, []))

    async def _talk(self, at: datetime, product_id: int, shop_id: int, asked: Asked, buyers: list[Buyer]) -> None:
        answering = buyers[: len(asked.buyers)]
        asker = self._chance.choice(
            [one for one in self._people if one not in {buyer.member_id for buyer in answering}]
        )
        new = NewRemark(
            kind=RemarkKind.QUESTION,
            product_id=product_id,
            shop_id=shop_id,
            text=asked.text,
            member_id=asker,
            anonymous=self._chance.random() < 0.3,
        )
        question_id = await self._say(new, at)
        self.questions += 1
        answers: list[tuple[str, Buyer | None]] = [(asked.shop, None)] if asked.shop else []
        answers += list(zip(asked.buyers, answering, strict=False))
        for text, buyer in answers:
            member_id = buyer.member_id if buyer else None
            at = max(at, buyer.at) if buyer else at
            at = min(at + _HOUR * self._chance.uniform(1, 20), self._now - _HOUR / 2)
            answer = NewRemark(
                kind=RemarkKind.ANSWER,
                product_id=product_id,
                shop_id=shop_id,
                text=text,
                member_id=member_id,
                staff_id=self._staff_id if member_id is None else None,
                parent_id=question_id,
                bought=member_id is not None,
            )
            answer_id = await self._say(answer, at)
            if asker == self._people[0]:
                self._answered.append((at, answer_id))

    async def _say(self, new: NewRemark, at: datetime, reply: str = "") -> int:
        remark_id = await store.add(self._connection, new, RemarkState.SHOWN)
        assert remark_id is not None  # nobody has said anything of this line or to this review
        replied = min(at + _HOUR * self._chance.uniform(2, 30), self._now - _HOUR / 3) if reply else None
        by = self._staff_id if reply else None
        self.dated.append(Dated(remark_id=remark_id, at=at, reply=reply, replied_at=replied, reply_by=by))
        return remark_id

    async def told(self) -> None:
        """Tell those whom it concerns what shops replied, and the first member what was answered last, when it was."""
        for one in self.dated:
            if one.reply and (remark := await store.remark(self._connection, one.remark_id)):
                await letters.tell_replied(self._connection, remark, one.reply, one.replied_at)
        for at, answer_id in sorted(self._answered)[-_ANSWERS_TOLD:]:
            if answer := await store.remark(self._connection, answer_id):
                await letters.tell_shown(self._connection, answer, at)

    async def _photo(self, member_id: int, name: str) -> str:
        picture = await asyncio.to_thread(_read, name)
        return (await uploads.store(self._run.app, self._connection, f"member:{member_id}", picture)).url


def _read(name: str) -> Picture:
    """Return a photo as one that has been encoded, which it is."""
    body = (FOLDER / f"{name}.webp").read_bytes()
    small = (FOLDER / f"{name}-{THUMBNAILS[0]}.webp").read_bytes()
    with Image.open(io.BytesIO(body)) as photo:
        return Picture(body, photo.width, photo.height, smaller=((THUMBNAILS[0], small),))


async def _film(run: DemoRun, connection: Connection, member_id: int) -> str:
    """Let a member have uploaded the demo's video, and return its address."""
    film = await asyncio.to_thread(lambda: read(_FILM.read_bytes()))
    address = SHELF.address_of(film)
    await video_store.add(connection, member_id, address, len(film.body), film.milliseconds, KEPT_HOURS, MOST_WAITING)
    await SHELF.keep(run.app, film)
    return address


async def _trouble(connection: Connection, made: list[tuple[int, int]], reporter: int) -> None:
    """Leave something to decide: a question that met a watched word, and a report."""
    remark = await store.remark(connection, made[0][0])
    assert remark is not None
    await ask.ask(connection, reporter, remark.product_id, "想要便宜的加 微 信 说", anonymous=False)
    others = [remark_id for remark_id, writer in made if writer != reporter]
    await weigh.report(connection, reporter, others[-1], ReportReason.FALSE, "他说的不是这件商品")


STEP = DemoStep(name="reviews", position=65, run=add_reviews)
