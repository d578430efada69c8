"""Rooms over a cluster of Redis: sharded channels, a node that dies, a slot that moves."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import msgspec
import pytest

from realtime.bus import Bus
from server.engines import Engines
from server.redis import DOWN, slot_of
from server.redis import cluster as cluster_client
from server.settings import Settings
from tests.realtime import cluster
from tests.realtime.conftest import Listener, Site, serving
from tests.realtime.test_lanes import KIND, SHOP, Guest
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


def bus_of(site: Site) -> Bus:
    assert site.rooms._bus is not None
    return site.rooms._bus


def key_in(bus: Bus, slots: set[int]) -> str:
    """Return the key of a room whose slot is one of these."""
    return next(str(n) for n in range(10_000) if slot_of(bus.channel(f"shelf:{n}")) in slots)


async def test_a_cluster_that_asks_for_a_password_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.bus.LOOK", 0.1)
    heard: list[str] = []

    async def deliver(room: str, message: bytes) -> None:
        heard.append(room)

    async def recovered(names: Collection[str]) -> None:
        """Nothing is brought up to date here."""

    with cluster.running(Engines(tmp_path / "own").valkey.binary, tmp_path, 1) as nodes:
        assert nodes.nodes[0].ask("CONFIG", "SET", "requirepass", "s3:cr@t") == "OK"
        bus = Bus(nodes.url.replace("//", "//:s3%3Acr%40t@"))
        await bus.open(deliver, recovered)
        try:
            bus.want("sale:5")
            await until(lambda: "sale:5" in bus._nodes)
            await bus.heard("sale:5")
            assert await bus.publish("sale:5", b"x")
            await until(lambda: heard == ["sale:5"])
        finally:
            await bus.close()


def test_a_node_s_address_has_the_user_of_the_cluster_s() -> None:
    bus = Bus("redis+cluster://lingfeng:s3%3Acr%40t@10.0.0.1:7000")
    assert bus._at("10.0.0.2", 7001) == "redis://lingfeng:s3%3Acr%40t@10.0.0.2:7001/0"
    assert bus._at("fd00::2", 7001) == "redis://lingfeng:s3%3Acr%40t@[fd00::2]:7001/0"


async def test_rooms_are_heard_at_every_node(
    settings: Settings, tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.bus.LOOK", 0.2)
    monkeypatch.setattr("realtime.ears.PULSE", 0.2)
    monkeypatch.setattr("realtime.ears.DEAF", 1.0)
    SHOP.goods = {}
    with cluster.running(Engines(tmp_path / "own").valkey.binary, tmp_path) as nodes:
        given = msgspec.structs.replace(settings, realtime_url=nodes.url)
        async with serving(given) as one, serving(given) as two:
            for site in (one, two):
                site.hub.room(KIND)
            await until(lambda: len(bus_of(one)._ears) == len(bus_of(two)._ears) == 2, 10)
            await until(lambda: not one.rooms.deaf and not two.rooms.deaf, 10)
            keys = [key_in(bus_of(one), node.slots()) for node in nodes.nodes]
            guests = {}
            for key in keys:
                for site in (one, two):
                    guest = guests[key, site.url] = Guest(await listen(site))
                    assert (await guest.join(key))["ok"]
            for key in keys:
                places = [await SHOP.set((one, two)[n % 2].rooms, KIND, key, "pen", n) for n in range(20)]
                for site in (one, two):
                    await guests[key, site.url].stands_at(places[-1])
                    assert guests[key, site.url].goods == {"pen": 19}

            # A slot moves: the lossy lane is heard at its new node.
            watcher = await listen(one)
            assert (await watcher.ask("watch", {"item_id": "5"}))["ok"]
            room = "sale:5"
            nodes.move(slot_of(bus_of(one).channel(room)))
            before = bus_of(one)._nodes[room]
            await until(lambda: bus_of(one)._nodes.get(room) not in (before, None), 15)
            await bus_of(one).heard(room)
            heard = len(watcher.of("flash_sale"))
            await two.rooms.publish(room, "flash_sale", {"n": 1})
            await until(lambda: len(watcher.of("flash_sale")) > heard, 10)

            # The slot of a heartbeat moves, its node keeps the others: there are new ears, and they hear.
            name, deaf = next(iter(bus_of(one)._ears.items()))
            nodes.move(slot_of(deaf.pulse))
            await until(lambda: bus_of(one)._ears.get(name) not in (deaf, None), 15)
            for key in keys:
                place = await SHOP.set(two.rooms, KIND, key, "ink", 1)
                for site in (one, two):
                    await guests[key, site.url].stands_at(place)
            assert not one.rooms.deaf

            # A node is slow: what was sent to it is not sent again, it does it in the end.
            async with cluster_client(nodes.url, timeout=0.2) as client:
                await client.rpush("said", 1)
                owner = next(node for node in nodes.nodes if slot_of("said") in node.slots())
                owner.process.send_signal(signal.SIGSTOP)
                with pytest.raises(DOWN):
                    await client.rpush("said", 2)
                owner.process.send_signal(signal.SIGCONT)
            async with cluster_client(nodes.url) as client:
                assert await client.lrange("said", 0, -1) == [b"1", b"2"]

            # A node dies: the process says that it is deaf, though the other node is heard.
            nodes.nodes[1].process.kill()
            await until(lambda: one.rooms.deaf and two.rooms.deaf, 15)
            assert "realtime" in await one.app.missing()
            async with asyncio.timeout(20):  # a node that is away keeps nobody from leaving
                for guest in guests.values():
                    await guest.listener.client.disconnect()
                await watcher.client.disconnect()
