"""Rooms: events, limits, other processes, and Redis that goes and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from realtime.bus import Bus
from realtime.hub import Hub
from realtime.sockets import ROOMS
from server.engines import Engines
from server.pace import Buckets
from server.redis import connect
from server.settings import Settings
from tests.realtime.conftest import Listener, Site, serving
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


async def test_a_watcher_hears_its_item_from_every_process_until_it_leaves(
    site: Site, other: Site, listen: Listen
) -> None:
    here, there, elsewhere = await listen(site), await listen(other, 7), await listen(other)
    assert await here.ask("watch", {"item_id": "5"}) == {"ok": True, "item_id": "5", "visitor": "guest"}
    assert (await there.ask("watch", {"item_id": "5"}))["visitor"] == "member"
    await elsewhere.ask("watch", {"item_id": "6"})
    await site.rooms.publish("sale:5", "flash_sale", {"item_id": "5", "stock_level": "low"})
    await until(lambda: here.of("flash_sale") and there.of("flash_sale"))
    assert here.of("flash_sale") == there.of("flash_sale") == [{"item_id": "5", "stock_level": "low"}]
    assert await there.ask("unwatch", {"item_id": "5"}) == {"ok": True}
    await other.rooms.publish("sale:5", "flash_sale", {"item_id": "5", "stock_level": "out"})
    await until(lambda: len(here.of("flash_sale")) == 2)
    assert len(there.of("flash_sale")) == 1
    assert not elsewhere.of("flash_sale")


async def test_a_closed_socket_leaves_its_rooms(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    await guest.ask("watch", {"item_id": "5"})
    assert site.rooms.count("sale:5") == 1
    await guest.client.disconnect()
    await until(lambda: site.rooms.count("sale:5") == 0)
    await until(lambda: site.hub.count() == 0)


async def test_who_comes_and_goes_while_redis_is_told_hears_in_the_end(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    site.hub.limits = msgspec.structs.replace(site.hub.limits, events_per_second=0)
    for turn in range(30):
        began = time.monotonic()
        assert (await guest.ask("watch", {"item_id": "5"}))["ok"]
        assert time.monotonic() - began < 0.9, "it waited for a confirmation that never came"
        await site.rooms.publish("sale:5", "flash_sale", {"n": turn})
        while not guest.of("flash_sale")[turn:]:
            await asyncio.sleep(0.005)
        for _ in range(turn % 3):
            await asyncio.gather(guest.ask("unwatch", {"item_id": "5"}), guest.ask("watch", {"item_id": "5"}))
        assert (await guest.ask("unwatch", {"item_id": "5"}))["ok"]
    assert site.rooms.count("sale:5") == 0


async def test_who_may_not_hear_is_deaf(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that refuses the channels is no Redis that is away: connecting goes well, again and again."""
    monkeypatch.setattr("realtime.ears.DEAF", 0.3)
    redis: Any = connect(settings.redis_url)
    await redis.execute_command("ACL", "SETUSER", "mute", "on", "nopass", "+@all", "~*", "resetchannels")
    scheme, _, place = settings.redis_url.partition("://")
    bus = Bus(f"{scheme}://mute@{place}")
    try:
        await bus.open(_nowhere, _nowhere)
        await until(lambda: bus.deaf)
        asked = bus._ears[""].subscription
        await until(lambda: bus._ears[""].subscription is not asked)
        assert bus.deaf, "having asked again is not having heard"
    finally:
        await bus.close()
        await redis.execute_command("ACL", "DELUSER", "mute")
        await redis.aclose()


async def _nowhere(*_: Any) -> None:
    """Nobody listens."""


async def test_others_have_their_turn_between_messages_that_came_together(settings: Settings) -> None:
    turns, told = 0, list[int]()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def deliver(room: str, message: bytes) -> None:
        told.append(turns)

    bus, redis = Bus(settings.redis_url), connect(settings.redis_url)
    await bus.open(deliver, _nowhere)
    bus.want("sale:5")
    await bus.heard("sale:5")
    busy = asyncio.create_task(others())
    try:
        async with redis.pipeline(transaction=False) as together:
            for _ in range(200):
                together.publish(bus.channel("sale:5"), b"x")
            await together.execute()
        await until(lambda: len(told) == 200)
        assert len(set(told)) == 200
    finally:
        busy.cancel()
        await bus.close()
        await redis.aclose()


async def test_a_worker_reaches_the_rooms_without_listening(site: Site, settings: Settings, listen: Listen) -> None:
    from server.application import Application
    from tests.realtime.conftest import FEATURES

    guest = await listen(site)
    await guest.ask("watch", {"item_id": "5"})
    worker = Application(settings, FEATURES)
    async with worker.running("worker"):
        from realtime import Rooms

        await worker.resource(Rooms).publish("sale:5", "flash_sale", {"item_id": "5"})
        await until(lambda: guest.of("flash_sale"))


REFUSED: list[tuple[str, Any, str, str | None]] = [
    ("watch", {}, "invalid", "item_id"),
    ("watch", {"item_id": 5}, "invalid", "item_id"),
    ("watch", {"item_id": "5", "itme": 1}, "invalid", "itme"),
    ("watch", None, "invalid", "item_id"),
    ("watch", [1, 2], "invalid", None),
    ("watch", b"\x00\xff", "invalid", None),
    ("sync", {"epoch": "x", "seq": -1}, "invalid", "seq"),
    ("sync", {"epoch": "x", "seq": 2**63}, "invalid", "seq"),
    ("sync", {"epoch": "x" * 65, "seq": 1}, "invalid", "epoch"),
    ("connect", {}, "unknown_event", None),
    ("disconnect", {}, "unknown_event", None),
    ("", {}, "unknown_event", None),
]


async def test_what_a_handler_cannot_use_is_refused(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    for event, body, code, field in REFUSED:
        answer = await guest.ask(event, body)
        assert (answer["ok"], answer["code"], answer.get("field")) == (False, code, field), (event, body)
        assert answer["message"]
    assert (await guest.ask("watch", {"item_id": "5"}))["ok"]


async def test_refusals_speak_the_callers_language(site: Site, listen: Listen) -> None:
    guest = await listen(site, headers={"Accept-Language": "en"})
    answer = await guest.ask("nothing", {})
    assert answer["message"] == "There is no such event"


async def test_a_socket_may_be_in_so_many_rooms(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    for item in range(ROOMS):
        assert (await guest.ask("watch", {"item_id": str(item)}))["ok"]
    assert (await guest.ask("watch", {"item_id": "one more"}))["code"] == "too_many_rooms"
    assert (await guest.ask("watch", {"item_id": "3"}))["ok"]
    await guest.ask("unwatch", {"item_id": "3"})
    assert (await guest.ask("watch", {"item_id": "one more"}))["ok"]


async def test_a_socket_may_do_so_much_and_a_flood_ends_it(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    answers = [await guest.ask("unwatch", {"item_id": "1"}) for _ in range(75)]
    limited = [answer for answer in answers if not answer["ok"]]
    assert limited
    assert {answer["code"] for answer in limited} == {"rate_limited"}
    assert limited[0]["retry_after"] >= 1
    for _ in range(400):
        await guest.client.emit("unwatch", {"item_id": "1"}, namespace="/member")
    await until(lambda: not guest.client.connected)


async def test_a_member_and_an_address_may_do_so_much(settings: Settings) -> None:
    async with serving(msgspec.structs.replace(settings, limits=True)) as site:
        site.hub._members = Buckets(0.1, 3)
        pair = [Listener(), Listener()]
        for listener in pair:
            await listener.connect(site.url, await site.token(await site.session(7)))
        answers = [await pair[turn % 2].ask("unwatch", {"item_id": "1"}) for turn in range(8)]
        assert [answer["ok"] for answer in answers][:4] == [True] * 4
        refused = answers[-1]
        assert (refused["code"], refused["ok"]) == ("rate_limited", False)
        assert 1 <= refused["retry_after"] <= 30
        guests = [Listener(), Listener()]
        for listener in guests:
            await listener.connect(site.url, await site.token())
        site.hub._addresses = Buckets(0.1, 2)  # their CONNECTs counted too
        answers = [await guests[turn % 2].ask("unwatch", {"item_id": "1"}) for turn in range(6)]
        assert [answer["ok"] for answer in answers] == [True, True, True, False, False, False]
        for listener in pair + guests:
            await listener.client.disconnect()


async def test_an_address_may_connect_so_often(settings: Settings) -> None:
    async with serving(msgspec.structs.replace(settings, limits=True)) as site, aiohttp.ClientSession() as http:
        site.hub._handshakes = Buckets(0.1, 2)
        seen = []
        for _ in range(5):
            async with http.get(f"{site.url}/socket.io/?EIO=4&transport=polling") as answer:
                seen.append(answer.status)
                assert ("Retry-After" in answer.headers) is (answer.status == 429)
        assert seen == [200, 200, 200, 429, 429]


async def test_so_many_sockets_of_one_member(settings: Settings) -> None:
    async with serving(msgspec.structs.replace(settings, limits=True)) as site:
        site.hub.limits = msgspec.structs.replace(site.hub.limits, sockets_of_member=2)
        open_ones = []
        for _ in range(2):
            listener = Listener()
            await listener.connect(site.url, await site.token(await site.session(7)))
            open_ones.append(listener)
        third = Listener()
        with pytest.raises(Exception, match="failed to connect"):
            await third.connect(site.url, await site.token(await site.session(7)))
        assert third.refusal["data"]["code"] == "too_many_connections"
        await open_ones[0].client.disconnect()
        await until(lambda: site.hub.count() == 1)
        fourth = Listener()
        await fourth.connect(site.url, await site.token(await site.session(7)))
        for listener in (open_ones[1], fourth):
            await listener.client.disconnect()


async def test_redis_goes_and_comes_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: Listen
) -> None:
    monkeypatch.setattr("realtime.ears.PULSE", 0.2)
    monkeypatch.setattr("realtime.ears.DEAF", 1.0)
    with contextlib.closing(Engines(tmp_path / "own")) as engines:
        engines.valkey.start()
        given = msgspec.structs.replace(settings, redis_url=engines.redis_url)
        async with serving(given) as site, serving(given) as other:
            gaps: list[str] = []

            async def resend(room: str) -> None:
                gaps.append(room)
                await other.rooms.publish_here(room, "flash_sale", {"now": True})

            other.rooms.after_gap("sale:", resend)
            here, there = await listen(site, 7), await listen(other, 8)
            for one in (here, there):
                await one.ask("watch", {"item_id": "5"})
            engines.valkey.kill()
            await site.rooms.publish("sale:5", "flash_sale", {"n": 1})
            await until(lambda: here.of("flash_sale"))
            await until(lambda: site.rooms.deaf and other.rooms.deaf)
            assert "realtime" in await other.app.missing()
            late = await listen(other)  # connecting, watching and notices do without Redis
            assert (await late.ask("watch", {"item_id": "6"}))["ok"]
            from tests.realtime.test_member import notify

            await notify(site, 8, 1)
            await until(lambda: there.of("order"))
            engines.valkey.start()
            await until(lambda: not site.rooms.deaf and not other.rooms.deaf, 10)
            await until(lambda: set(gaps) == {"sale:5", "sale:6"})
            assert "realtime" not in await other.app.missing()
            await asyncio.sleep(0.3)
            await site.rooms.publish("sale:5", "flash_sale", {"n": 2})
            await site.rooms.publish("sale:6", "flash_sale", {"n": 3})
            # A heartbeat that is late on a busy machine is one gap more.
            await until(lambda: there.of("flash_sale")[-1] == {"n": 2} and late.of("flash_sale")[-1] == {"n": 3})
            assert there.of("flash_sale")[0] == late.of("flash_sale")[0] == {"now": True}
            for one in (here, there, late):
                await one.client.disconnect()


async def test_a_process_that_went_deaf_opens_its_ears_again(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: Listen
) -> None:
    """The connection looks alive and carries nothing: another client kills what it had subscribed to."""
    monkeypatch.setattr("realtime.ears.PULSE", 0.2)
    monkeypatch.setattr("realtime.ears.DEAF", 1.0)
    async with serving(settings) as site:
        guest = await listen(site)
        await guest.ask("watch", {"item_id": "5"})
        bus_of_site = site.rooms._bus
        assert bus_of_site is not None
        listening = bus_of_site._ears[""]
        ears = listening.subscription
        await ears.unsubscribe()  # everything, behind the bus' back
        await until(lambda: listening.subscription is not ears, 10)
        await asyncio.sleep(0.3)
        await site.rooms.publish("sale:5", "flash_sale", {"n": 1})
        await until(lambda: guest.of("flash_sale"))
        await guest.client.disconnect()


async def test_declarations_that_cannot_work_are_refused(site: Site) -> None:
    async def handler(app: Any, socket: Any) -> None: ...

    async def wrong(app: Any) -> None: ...

    hub: Hub = site.hub
    with pytest.raises(ValueError, match="is not open"):
        hub.on("/nowhere", "x", handler)
    with pytest.raises(ValueError, match="has a handler already"):
        hub.on("/member", "sync", handler)
    with pytest.raises(TypeError, match="takes app, socket"):
        hub.on("/member", "x", wrong)
