"""The reliable lane of rooms: whoever was away ends where everybody is, whatever went down meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from realtime import Rooms, Socket, lanes
from realtime.bus import tag
from realtime.declared import Lane, RoomType, Says
from realtime.lanes import Lanes, Place
from server.application import Application
from server.engines import Engines
from server.errors import Forbidden
from server.redis import DOWN
from server.settings import Settings
from tests.realtime.conftest import Listener, Site, serving
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


class Shelf(msgspec.Struct, frozen=True):
    """What lies on a shelf now."""

    goods: dict[str, int]


class Tick(msgspec.Struct, frozen=True):
    """Something that may be missed."""

    likes: int


class Shop:
    """What the room's feature would keep in PostgreSQL: the truth that snapshots are made of."""

    def __init__(self) -> None:
        self.goods: dict[str, dict[str, int]] = {}
        self.pause = 0.0

    async def snapshot(self, app: Application, key: str) -> Shelf | None:
        if key == "none":
            return None
        await asyncio.sleep(self.pause)
        return Shelf(dict(self.goods.get(key, {})))

    async def set(self, rooms: Rooms, kind: RoomType, key: str, name: str, number: int) -> Place | None:
        self.goods.setdefault(key, {})[name] = number
        return await rooms.tell(kind, key, Shelf(dict(self.goods[key])))


def keep_out(app: Application, socket: Socket, key: str) -> None:
    if key == "private":
        raise Forbidden


SHOP = Shop()
KIND = RoomType(
    name="shelf", namespace="/member", about="A shelf.", most=2,
    says=(Says("shelf", Shelf, Lane.RELIABLE), Says("tick", Tick)),
    snapshot=SHOP.snapshot, enter=keep_out,
)  # fmt: skip


class Guest:
    """What a client makes of a room: its state and its place, from nothing but what it is told."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.goods: dict[str, int] = {}
        self.place: dict[str, Any] = {}
        self.seen: list[tuple[str, int]] = []
        self._at = 0

    async def join(self, key: str = "7") -> dict[str, Any]:
        self._at = len(self.listener.heard)
        answer: dict[str, Any] = await self.listener.ask("join", {"room": f"shelf:{key}"} | self.place)
        if answer["ok"]:
            if answer["reset"]:
                self.goods = answer["state"]["goods"]
            for event, payload, place in answer["events"]:
                self._apply(event, payload, place)
            self.place = {"epoch": answer["epoch"], "seq": answer["seq"]}
        return answer

    def _apply(self, event: str, payload: dict[str, Any], place: dict[str, Any]) -> None:
        assert event == "shelf"
        if self.place and place["epoch"] == self.place["epoch"]:
            assert place["seq"] == self.place["seq"] + 1, "a gap, or twice"
        self.seen.append((place["epoch"], place["seq"]))
        self.goods = payload["goods"]
        self.place = place

    def read(self) -> None:
        for event, payload in self.listener.heard[self._at :]:
            if event == "shelf":
                self._apply(event, *payload)
            elif event == "room":
                self.goods = payload["state"]["goods"]
                self.place = {"epoch": payload["epoch"], "seq": payload["seq"]}
        self._at = len(self.listener.heard)

    async def stands_at(self, place: Place | None) -> None:
        assert place is not None

        def there() -> bool:
            self.read()
            return self.place == {"epoch": place.epoch, "seq": place.seq}

        await until(there, 10)


@pytest.fixture(autouse=True)
def fresh() -> None:
    SHOP.goods, SHOP.pause = {}, 0.0


@pytest.fixture
async def one(site: Site) -> Site:
    site.hub.room(KIND)
    return site


@pytest.fixture
async def two(other: Site) -> Site:
    other.hub.room(KIND)
    return other


async def test_everybody_hears_every_event_once_in_order(one: Site, two: Site, listen: Listen) -> None:
    guests = [Guest(await listen(site)) for site in (one, two, one)]
    for guest in guests:
        assert (await guest.join())["reset"]
    place = None
    for number in range(50):
        place = await SHOP.set(random.choice((one, two)).rooms, KIND, "7", "pen", number)
    for guest in guests:
        await guest.stands_at(place)
        assert guest.goods == {"pen": 49}
        assert [seq for _, seq in guest.seen] == list(range(1, 51))


async def test_who_was_away_gets_what_was_missed_and_nothing_twice(one: Site, two: Site, listen: Listen) -> None:
    guest = Guest(await listen(one))
    await guest.join()
    await guest.stands_at(await SHOP.set(one.rooms, KIND, "7", "pen", 1))
    await guest.listener.client.disconnect()
    for number in range(2, 30):
        await SHOP.set(two.rooms, KIND, "7", "pen", number)
    guest.listener = await listen(two)
    answer = await guest.join()
    assert not answer["reset"]
    assert len(answer["events"]) == 28
    await guest.stands_at(await SHOP.set(one.rooms, KIND, "7", "ink", 5))
    assert guest.goods == {"pen": 29, "ink": 5}
    assert len(guest.seen) == len(set(guest.seen)) == 30


async def test_who_was_away_too_long_begins_anew(one: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.lanes.KEEP", 20)
    guest = Guest(await listen(one))
    await guest.join()
    await guest.stands_at(await SHOP.set(one.rooms, KIND, "7", "pen", 1))
    await guest.listener.client.disconnect()
    for number in range(2, 400):  # the stream is trimmed by whole nodes of 100
        await SHOP.set(one.rooms, KIND, "7", "pen", number)
    guest.listener = await listen(one)
    answer = await guest.join()
    assert answer["reset"]
    assert answer["events"] == []
    assert guest.goods == {"pen": 399}


async def test_who_missed_more_than_a_state_holds_is_given_a_state(one: Site, listen: Listen) -> None:
    """All of it at once would be more than may wait for a reader, however fast it reads."""
    here, away = Guest(await listen(one)), Guest(await listen(one))
    for guest in (here, away):
        await guest.join()
    assert (await away.listener.ask("leave", {"room": "shelf:7"}))["ok"]
    assert one.rooms._lanes is not None
    SHOP.goods["7"] = {"x" * 5000: 1}
    for _ in range(lanes.REPLAY // 5000):  # nobody here is told of these
        await one.rooms._lanes.say("shelf:7", "shelf", Shelf(SHOP.goods["7"]), "elsewhere")
    place = await SHOP.set(one.rooms, KIND, "7", "pen", 1)
    await here.stands_at(place)
    assert here.goods == SHOP.goods["7"]
    assert here.seen == []
    answer = await away.join()
    assert (answer["reset"], answer["events"]) == (True, [])
    assert away.goods == SHOP.goods["7"]


async def test_coming_in_while_much_is_said(one: Site, two: Site, listen: Listen) -> None:
    """Snapshot and events give what a fresh snapshot gives, at whatever moment somebody comes in."""
    SHOP.pause = 0.01
    said: list[Place | None] = []

    async def speak(site: Site) -> None:
        for number in range(150):
            said.append(await SHOP.set(site.rooms, KIND, "7", random.choice("abc"), number))
            await asyncio.sleep(random.random() * 0.004)

    async def come(site: Site) -> Guest:
        guest = Guest(await listen(site))
        await asyncio.sleep(random.random() * 0.3)
        await guest.join()
        return guest

    guests, *_ = await asyncio.gather(asyncio.gather(*(come(site) for site in (one, two) * 6)), speak(one), speak(two))
    last = max((place for place in said if place), key=lambda place: place.seq)
    assert last.seq == 300
    for guest in guests:
        await guest.stands_at(last)
        assert guest.goods == SHOP.goods["7"]


async def test_who_may_come_in(one: Site, listen: Listen) -> None:
    guest = await listen(one)
    assert (await guest.ask("join", {"room": "shelf:private"}))["code"] == "forbidden"
    assert (await guest.ask("join", {"room": "shelf:none"}))["code"] == "not_found"
    assert (await guest.ask("join", {"room": "other:7"}))["code"] == "not_found"
    assert (await guest.ask("join", {"room": "shelf"}))["code"] == "invalid"
    assert (await guest.ask("join", {"room": "shelf:1", "seq": -1}))["code"] == "invalid"
    assert (await guest.ask("join", {"room": "shelf:1"}))["ok"]
    assert (await guest.ask("join", {"room": "shelf:2", "epoch": "another", "seq": 99}))["reset"]
    assert (await guest.ask("join", {"room": "shelf:1"}))["ok"]
    assert (await guest.ask("join", {"room": "shelf:3"}))["code"] == "too_many_rooms"
    assert (await guest.ask("leave", {"room": "shelf:1"}))["ok"]
    assert (await guest.ask("join", {"room": "shelf:3"}))["ok"]
    assert one.rooms.count("shelf:none") == one.rooms.count("shelf:1") == 0


async def test_no_more_of_the_log_is_read_than_may_be_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest may ask from the first event on, again and again: ten megabytes each time."""
    kept, read = Lanes(settings.redis_url), 0
    xrange = kept._redis.xrange

    async def counted(*given: Any, **named: Any) -> Any:
        nonlocal read
        rows: Any = await xrange(*given, **named)
        read += len(rows)
        return rows

    monkeypatch.setattr(kept._redis, "xrange", counted)
    try:
        for number in range(500):
            await kept.say("shelf:big", "shelf", Shelf({"x" * 5000: number}), "nobody hears it")
            await kept.say("shelf:small", "shelf", Shelf({"x": number}), "nobody hears it")
        assert not lanes.few(await kept.after("shelf:big", 0))
        assert read <= 100
        for seen in (0, 299, 399, 400, 499, 500):
            found = [lanes.place_of(message).seq for message in await kept.after("shelf:small", seen)]
            assert found == list(range(seen + 1, 501))
    finally:
        await kept.close()


async def test_rooms_that_are_only_asked_for_are_soon_forgotten(one: Site, listen: Listen) -> None:
    """A guest may ask for a new name as often as events are let through: Redis would fill with them within a day."""
    guest = Guest(await listen(one))
    kept = one.app.redis
    assert (await guest.listener.ask("join", {"room": "shelf:none"}))["code"] == "not_found"
    assert (await guest.join("quiet"))["ok"]
    for key in ("none", "quiet"):
        assert 0 < await kept.ttl(f"{tag(one.app.settings.redis_url, f'shelf:{key}')}:head") <= 600
    place = await SHOP.set(one.rooms, KIND, "quiet", "pen", 1)
    await guest.stands_at(place)
    assert (await guest.join("quiet"))["ok"]
    head = f"{tag(one.app.settings.redis_url, 'shelf:quiet')}:head"
    assert await kept.ttl(head) > 86_000
    # One that was forgotten begins anew with the next event, and who is in it loses nothing.
    assert (await guest.join("9"))["ok"]
    await kept.delete(f"{tag(one.app.settings.redis_url, 'shelf:9')}:head")
    guest.place = {}
    place = await SHOP.set(one.rooms, KIND, "9", "ink", 3)
    await guest.stands_at(place)
    assert guest.goods == {"ink": 3}


async def test_what_is_not_declared_is_not_said(one: Site) -> None:
    with pytest.raises(TypeError, match="is not said"):
        await one.rooms.tell(KIND, "7", Place("x", 1))
    with pytest.raises(ValueError, match="no room"):
        await one.rooms.tell(KIND, "a b", Tick(1))
    with pytest.raises(ValueError, match="open already"):
        one.hub.room(KIND)
    with pytest.raises(TypeError, match="needs a snapshot"):
        RoomType(name="x", namespace="/member", about="", says=(Says("shelf", Shelf, Lane.RELIABLE),))


async def test_redis_goes_comes_back_and_goes_with_all_its_data(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: Listen
) -> None:
    monkeypatch.setattr("realtime.ears.PULSE", 0.2)
    monkeypatch.setattr("realtime.ears.DEAF", 1.0)
    with contextlib.closing(Engines(tmp_path / "own")) as engines:
        engines.valkey.start()
        given = msgspec.structs.replace(settings, redis_url=engines.redis_url)
        async with serving(given) as here, serving(given) as there:
            for site in (here, there):
                site.hub.room(KIND)
            guests = [Guest(await listen(site)) for site in (here, there)]
            for guest in guests:
                await guest.join()
            for guest in guests:
                await guest.stands_at(Place(guest.place["epoch"], 0))
            place = await SHOP.set(here.rooms, KIND, "7", "pen", 1)
            for guest in guests:
                await guest.stands_at(place)
            for lost in (False, True):
                engines.valkey.kill()
                with pytest.raises(DOWN):
                    await here.rooms.tell(KIND, "7", Shelf({"never": 1}))
                if lost:
                    for folder in (tmp_path / "own").rglob("appendonlydir"):
                        shutil.rmtree(folder)
                engines.valkey.start()
                await until(lambda: not here.rooms.deaf and not there.rooms.deaf, 15)
                place = await SHOP.set(there.rooms, KIND, "7", "ink", 7 + lost)
                assert place is not None
                assert place.epoch != guests[0].seen[0][0], "numbers of another Redis are not those of this one"
                for guest in guests:
                    await guest.stands_at(place)
                    assert guest.goods == SHOP.goods["7"]
            for guest in guests:
                await guest.listener.client.disconnect()
