"""The merged lane: one frame a tick for everybody, capped, and fair to whoever speaks."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.declared import Lane, RoomType, Says
from realtime.ticks import SLOWEST, TICK, Merger, Sample, Ticks
from tests.realtime.conftest import Listener, Site
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


class Comment(msgspec.Struct, frozen=True):
    """What somebody says."""

    who: int
    text: str


class Tick(msgspec.Struct, frozen=True):
    """What was said in a tick."""

    comments: list[Comment]
    likes: int


class Gathered(Merger):
    """Comments, sampled; likes, summed."""

    def __init__(self) -> None:
        self.comments: Sample[Comment] = Sample(rate=20, burst=5)
        self.likes = 0

    def add(self, item: Comment | int) -> None:
        if isinstance(item, int):
            self.likes += item
        else:
            self.comments.add(item, item.who)

    def part(self) -> Any:
        comments, likes = self.comments.take(1000), self.likes
        self.likes = 0
        return (comments, likes) if comments or likes else None

    def merge(self, part: Any) -> None:
        comments, likes = msgspec.convert(part, tuple[list[Comment], int])
        self.likes += likes
        for comment in comments:
            self.comments.add(comment, comment.who)

    def frame(self, seconds: float) -> Tick | None:
        comments, likes = self.comments.take(seconds), self.likes
        self.likes = 0
        return Tick(comments, likes) if comments or likes else None


KIND = RoomType(
    name="crowd", namespace="/member", about="A crowd.", says=(Says("tick", Tick, Lane.MERGED, merger=Gathered),)
)


def liked(guest: Listener, times: int) -> bool:
    return bool(sum(tick["likes"] for tick in guest.of("tick")) == times)


async def test_thousands_of_likes_in_two_processes_are_one_sum_and_few_frames(
    site: Site, other: Site, listen: Listen
) -> None:
    guests = []
    for one in (site, other):
        one.hub.room(KIND)
        guests.append(await listen(one))
        assert (await guests[-1].ask("join", {"room": "crowd:7"}))["ok"]
    began = time.monotonic()
    for _ in range(20):
        for one in (site, other):
            for _ in range(50):
                one.rooms.add(KIND, 7, 1)
        await asyncio.sleep(0.01)
    for guest in guests:
        await until(functools.partial(liked, guest, 2000))
        assert len(guest.of("tick")) <= (time.monotonic() - began) / TICK + 2


async def test_what_is_said_arrives_within_a_tick_and_a_moment(site: Site, listen: Listen) -> None:
    site.hub.room(KIND)
    guest = await listen(site)
    await guest.ask("join", {"room": "crowd:7"})
    site.rooms.add(KIND, 7, Comment(1, "好看"))
    await until(lambda: guest.of("tick"), 2)
    assert guest.of("tick") == [{"comments": [{"who": 1, "text": "好看"}], "likes": 0}]


async def test_what_is_said_while_a_frame_is_on_its_way_is_in_the_next_one() -> None:
    told: list[Any] = []
    shown: list[Tick] = []

    async def tell(room: str, part: Any) -> bool:
        if not told:
            ticks.add(room, Gathered, 5)
        told.append(part)
        return False

    async def show(room: str, frame: Any) -> None:
        shown.append(frame)

    ticks = Ticks(tell, show)
    ticks.add("crowd:1", Gathered, 3)
    await until(lambda: sum(tick.likes for tick in shown) == 8, 1)
    await ticks.close()


async def test_without_the_others_a_process_hears_itself() -> None:
    shown: list[Any] = []

    async def tell(room: str, part: Any) -> bool:
        return False

    async def show(room: str, frame: Any) -> None:
        shown.append((room, frame))

    ticks = Ticks(tell, show)
    ticks.add("crowd:1", Gathered, 3)
    await until(lambda: shown)
    assert shown == [("crowd:1", Tick([], 3))]
    await ticks.close()


async def test_a_tick_that_takes_long_makes_the_next_ones_rarer() -> None:
    async def tell(room: str, part: Any) -> bool:
        return False

    async def show(room: str, frame: Any) -> None:
        spent = time.thread_time()
        while time.thread_time() - spent < 0.12:
            pass

    ticks = Ticks(tell, show)
    for _ in range(10):
        ticks.add("crowd:1", Gathered, 3)
        await asyncio.sleep(0.05)
    await until(lambda: ticks.beats > 1)
    assert ticks.beats <= SLOWEST
    await ticks.close()


async def test_rooms_do_not_wait_for_the_bus_one_after_the_other() -> None:
    asked: set[str] = set()
    shown: set[str] = set()
    answered = asyncio.Event()

    async def tell(room: str, part: Any) -> bool:
        asked.add(room)
        await answered.wait()
        return False

    async def show(room: str, frame: Any) -> None:
        shown.add(room)

    ticks = Ticks(tell, show)
    rooms = {f"crowd:{number}" for number in range(20)}
    for room in rooms:
        ticks.add(room, Gathered, 1)
    await until(lambda: asked == rooms, 1)
    answered.set()
    await until(lambda: shown == rooms, 1)
    await ticks.close()


async def test_a_mergers_defect_silences_no_other_room() -> None:
    shown: list[str] = []

    class Broken(Gathered):
        def part(self) -> Any:
            raise RuntimeError("a defect")

    async def tell(room: str, part: Any) -> bool:
        return False

    async def show(room: str, frame: Any) -> None:
        shown.append(room)

    ticks = Ticks(tell, show)
    ticks.add("crowd:1", Broken, 3)
    ticks.add("crowd:2", Gathered, 3)
    await until(lambda: shown)
    assert shown == ["crowd:2"]
    await ticks.close()


async def test_a_room_in_which_nothing_stirs_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.ticks.STILL", 0.3)
    shown: Counter[str] = Counter()

    async def tell(room: str, part: Any) -> bool:
        return False

    async def show(room: str, frame: msgspec.Struct) -> None:
        shown[room] += 1

    ticks = Ticks(tell, show)
    try:
        ticks.add("over", Gathered, 1)
        for _ in range(20):
            ticks.add("on", Gathered, 1)
            await asyncio.sleep(0.05)
        assert list(ticks._rooms) == ["on"]
        ticks.add("over", Gathered, 1)
        await until(lambda: shown["over"] == 2)
    finally:
        await ticks.close()


def test_one_who_shouts_drowns_nobody() -> None:
    heard: Counter[str] = Counter()
    for _ in range(50):
        sample: Sample[str] = Sample(rate=10, burst=10)
        for at in range(500):
            sample.add(f"loud {at}", "loud")
        for who in range(9):
            sample.add(f"quiet {who}", who)
        taken = sample.take(1)
        assert len(taken) == 10
        heard.update(text.split()[0] for text in taken)
    assert heard["quiet"] == 9 * 50
    assert heard["loud"] == 50


def test_not_even_with_more_than_can_wait() -> None:
    sample: Sample[str] = Sample(rate=10, burst=10, most=100)
    sample.add("quiet", "quiet")
    sample.add("host", "host", rank=1)
    for at in range(5000):
        sample.add("loud", at % 3)
    assert len(sample) <= 100
    assert {"quiet", "host"} <= set(sample.take(1))


def test_higher_ranks_first_and_order_kept() -> None:
    sample: Sample[int] = Sample(rate=5, burst=5)
    for at in range(100):
        sample.add(at, at, rank=at % 50 == 7)
    taken = sample.take(1)
    assert {7, 57} <= set(taken)
    assert taken == sorted(taken)
    assert sample.dropped == 95
    assert sample.take(0) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=200), st.floats(0.1, 50), st.integers(1, 50))
def test_never_more_than_the_cap_and_none_twice(said: list[tuple[int, int]], rate: float, burst: int) -> None:
    sample: Sample[int] = Sample(rate, burst, most=100)
    total: list[int] = []
    for at, (sender, rank) in enumerate(said):
        sample.add(at, sender, rank)
        if at % 20 == 0:
            total += sample.take(0.1)
    total += sample.take(0.1)
    assert len(total) <= burst + rate * 0.1 * (len(said) // 20 + 2)
    assert len(total) == len(set(total))
    assert len(total) + sample.dropped == len(said)


async def test_declarations_that_cannot_work_are_refused(site: Site) -> None:
    with pytest.raises(TypeError, match="needs a merger"):
        RoomType(name="x", namespace="/member", about="", says=(Says("tick", Tick, Lane.MERGED),))
    with pytest.raises(TypeError, match="needs a merger"):
        RoomType(name="x", namespace="/member", about="", says=(Says("tick", Tick, merger=Gathered),))
    with pytest.raises(TypeError, match="is merged"):
        await site.rooms.tell(KIND, 7, Tick([], 1))
    plain = RoomType(name="x", namespace="/member", about="", says=(Says("tick", Tick),))
    with pytest.raises(TypeError, match="merged"):
        site.rooms.add(plain, 7, 1)
