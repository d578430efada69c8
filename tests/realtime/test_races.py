"""Rooms at awkward moments: what was said reaches everybody once, and what fails in one room is heard in no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest

from realtime import Rooms, Socket, Visitor, VisitorKind, echo, fanout, rooms
from realtime.bus import Bus
from realtime.declared import Lane, RoomType, Says
from realtime.ears import Ears
from realtime.hub import Hub
from realtime.lanes import Lanes, Place, led
from realtime.links import Link
from realtime.wire.line import Line
from realtime.wire.packets import JSON, MSGPACK, Encoding
from server.settings import Settings
from tests.realtime.conftest import Listener, Site
from tests.realtime.test_lanes import KIND, SHOP, Guest, Shelf
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    SHOP.goods, SHOP.pause = {}, 0.0
    yield
    SHOP.goods, SHOP.pause = {}, 0.0


def message(place: Place) -> bytes:
    return msgspec.msgpack.encode(("shelf", Shelf({"pen": place.seq}), place))


def held(socket: Socket) -> int:
    """Return how many packets wait for the socket's next poll."""
    return len(socket.link.line._held or ())


async def test_who_comes_in_between_two_slices_hears_nothing_twice(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "SLICE", 1)
    lanes = Lanes(settings.redis_url)
    heard = Rooms(None, None, lanes)
    hub = Hub(None, echo.OpenDoor(), heard, echo.LIMITS)

    def socket(number: int, encoding: Encoding) -> Socket:
        link = Link(hub, Line(hub.engine, str(number)), "", None, limited=False)
        link.encoding = encoding
        return Socket(link, str(number), "/member", Visitor(kind=VisitorKind.GUEST))

    try:
        first = await lanes.head(KIND.room("7"))
        there = [socket(number, encoding) for encoding in (MSGPACK, JSON) for number in range(3)]
        for one in there:
            await heard.follow(one, KIND, "7", first)
        telling = asyncio.create_task(heard._arrived("shelf:7", message(Place(first.epoch, first.seq + 1))))
        await asyncio.sleep(0)  # the first slice is told
        late = socket(9, JSON)
        joined = await heard.follow(late, KIND, "7", Place(first.epoch, first.seq + 1))
        assert (joined.seq, joined.events) == (first.seq + 1, [])
        await telling
        assert [held(one) for one in there] == [1] * 6
        assert held(late) == 0
    finally:
        await lanes.close()


async def test_what_a_room_was_being_told_is_told_to_all_when_its_ears_are_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node leaves the cluster: the ears there end, and the room already counts as having heard."""
    monkeypatch.setattr(fanout, "SLICE", 1)
    lanes = Lanes(settings.redis_url)
    heard = Rooms(None, None, lanes)
    hub = Hub(None, echo.OpenDoor(), heard, echo.LIMITS)
    there = []
    try:
        first = await lanes.head(KIND.room("7"))
        for number, encoding in enumerate((MSGPACK, MSGPACK, MSGPACK, JSON, JSON)):
            link = Link(hub, Line(hub.engine, str(number)), "", None, limited=False)
            link.encoding = encoding
            there.append(Socket(link, str(number), "/member", Visitor(kind=VisitorKind.GUEST)))
            await heard.follow(there[-1], KIND, "7", first)
        telling = asyncio.create_task(heard._arrived("shelf:7", message(Place(first.epoch, first.seq + 1))))
        await asyncio.sleep(0)  # the first slice is told
        telling.cancel()
        await asyncio.wait([telling])
        assert telling.cancelled()
        assert heard._rooms["shelf:7"].place == Place(first.epoch, first.seq + 1)
        assert [held(one) for one in there] == [1] * 5
    finally:
        await lanes.close()


async def test_who_comes_in_while_the_room_cannot_catch_up_is_not_left_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events are in the log, but the process missed them and could not read them: nobody may stand where it did."""
    lanes, bus = Lanes(settings.redis_url), Bus(settings.redis_url)
    heard = Rooms(None, bus, lanes)
    hub = Hub(None, echo.OpenDoor(), heard, echo.LIMITS)
    hub.namespace("/member", VisitorKind.GUEST)

    def socket(number: int) -> Socket:
        link = Link(hub, Line(hub.engine, str(number)), "", None, limited=False)
        link.line.handler = link
        made = link.sockets["/member"] = Socket(link, str(number), "/member", Visitor(kind=VisitorKind.GUEST))
        return made

    failing = asyncio.Event()

    async def after(room: str, seq: int) -> list[bytes]:
        failing.set()
        await asyncio.sleep(0.2)
        raise ConnectionError("Redis has gone")

    try:
        first = await lanes.head(KIND.room("7"))
        early, late = socket(1), socket(2)
        assert (await heard.follow(early, KIND, "7", None)).seq == first.seq
        for number in range(3):
            SHOP.goods["7"] = {"pen": number}
            await lanes.say("shelf:7", "shelf", Shelf(SHOP.goods["7"]), "nobody hears it")
        SHOP.pause = 0.4
        with monkeypatch.context() as patched:
            patched.setattr(lanes, "after", after)
            behind = asyncio.create_task(heard._recovered(["shelf:7"]))
            await failing.wait()
            coming = asyncio.create_task(heard.follow(late, KIND, "7", None))
            await behind
        joined = await coming
        assert not early.open
        assert (joined.seq, joined.state) == (first.seq + 3, Shelf({"pen": 2}))
    finally:
        await bus.close()
        await lanes.close()


async def test_a_log_that_has_lost_what_leads_there_is_given_up() -> None:
    at, until = Place("e", 3), Place("e", 5)
    assert led([message(Place("e", 900))], at, until, []) is None
    assert led([message(Place("e", 4))], at, until, []) == Place("e", 4)


async def test_a_snapshot_that_fails_is_heard_in_no_other_room(
    site: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def snapshot(app: Any, key: str) -> Shelf:
        if failing:
            if key == "slow":
                await asyncio.sleep(60)
            raise LookupError("a defect of a snapshot")
        return Shelf({})

    failing: list[bool] = []
    monkeypatch.setattr(rooms, "STATE_WITHIN", 0.2)
    kind = RoomType(
        name="wrong",
        namespace="/member",
        about="A room.",
        says=(Says("shelf", Shelf, Lane.RELIABLE),),
        snapshot=snapshot,
    )
    site.hub.room(kind)
    well, *bad = await listen(site), await listen(site), await listen(site)
    assert (await well.ask("watch", {"item_id": "5"}))["ok"]
    for listener, key in zip(bad, ("1", "slow"), strict=True):
        assert (await listener.ask("join", {"room": f"wrong:{key}"}))["ok"]
    assert site.rooms._bus is not None
    ears = site.rooms._bus._ears[""]
    held = ears.subscription
    failing.append(True)
    for key in ("1", "slow"):
        site.rooms._rooms[f"wrong:{key}"].place = Place("an epoch that is over", 1)
        await site.rooms._arrived(f"wrong:{key}", message(Place("the next one", 5)))
    await site.rooms._recovered(["wrong:1", "sale:5"])
    await until(lambda: not bad[0].client.connected and not bad[1].client.connected)
    await site.rooms.publish("sale:5", "flash_sale", {"n": 1})
    await until(lambda: well.of("flash_sale"))
    assert ears.subscription is held
    assert well.client.connected


class Total(msgspec.Struct, frozen=True):
    """A merged frame."""

    total: int


class Adder:
    """A merger that knows one form of parts."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, item: int) -> None:
        self.total += item

    def part(self) -> int | None:
        total, self.total = self.total, 0
        return total or None

    def merge(self, part: Any) -> None:
        self.total += part["total"]

    def frame(self, seconds: float) -> Total | None:
        return None


async def test_a_part_of_another_form_does_no_harm(settings: Settings) -> None:
    kind = RoomType(name="sum", namespace="/", about="A room.", says=(Says("total", Total, Lane.MERGED, merger=Adder),))
    heard = Rooms(None)
    hub = Hub(None, echo.OpenDoor(), heard, echo.LIMITS)
    link = Link(hub, Line(hub.engine, "one"), "", None, limited=False)
    await heard.follow(Socket(link, "one", "/", Visitor(kind=VisitorKind.GUEST)), kind, "1", None)
    try:
        await heard._arrived("sum:1", msgspec.msgpack.encode(("sum:1", 5, None, None)))
    finally:
        await heard.close()


async def test_who_came_before_redis_confirmed_that_the_room_is_heard_misses_nothing(
    site: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.hub.room(KIND)
    gate = asyncio.Event()
    told = Ears._tell

    async def slowly(ears: Ears, subscription: Any) -> None:
        await gate.wait()
        await told(ears, subscription)

    guest = Guest(await listen(site))
    monkeypatch.setattr(Ears, "_tell", slowly)
    assert (await guest.join())["ok"]
    place = await SHOP.set(site.rooms, KIND, "7", "pen", 1)
    await asyncio.sleep(0.1)
    assert not guest.listener.of("shelf"), "nobody hears this room yet"
    gate.set()
    await guest.stands_at(place)
    assert guest.goods == {"pen": 1}


async def test_catching_up_for_long_is_no_silence(site: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.ears.PULSE", 0.1)
    monkeypatch.setattr("realtime.ears.DEAF", 0.5)
    calls: list[str] = []

    async def state(room: str) -> None:
        calls.append(room)
        await asyncio.sleep(0.8)

    site.rooms.after_gap("sale:", state)
    guest = await listen(site)
    assert (await guest.ask("watch", {"item_id": "5"}))["ok"]
    assert site.rooms._bus is not None
    ears = site.rooms._bus._ears[""]
    held = ears.subscription
    assert held.connection is not None
    await held.unsubscribe()  # as if it had gone silent
    await until(lambda: calls, 15)
    await asyncio.sleep(2.5)
    assert len(calls) == 1, "it takes its own catching up for deafness"
    await site.rooms.publish("sale:5", "flash_sale", {"n": 1})
    await until(lambda: guest.of("flash_sale"))
