"""Defects of features, in hooks and handlers: who asked is told, nobody else notices, and nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from realtime import echo
from realtime.hub import Hub
from realtime.namespaces import Reply
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import Visitor, VisitorKind
from tests.realtime.raw import PATIENCE, Peer, Server, peer

WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


class Door(echo.OpenDoor):
    """Lets nobody in who says so."""

    async def admit(self, auth: dict[str, Any]) -> Visitor:
        if auth:
            raise LookupError("a defect of the door")
        return await super().admit(auth)


class Lab(Server):
    """A server whose feature goes wrong wherever it can."""

    def __init__(self) -> None:
        self.greeted: list[str] = []
        self.hub = Hub(None, Door(), Rooms(None), echo.LIMITS)
        for path in ("/", "/other"):
            self.hub.namespace(path, VisitorKind.GUEST, opened=self._first, closed=self._wrong)
        self.hub.namespace("/", opened=self._second)
        self.hub.namespace("/rude", VisitorKind.GUEST, opened=self._wrong)
        self.hub.namespace("/parting", VisitorKind.GUEST, closed=self._wrong_later)
        self.hub.on("/", "ask", self._unsaid)
        self.hub.on("/", "wait", self._unsaid_later)
        self.hub.on("/", "late", self._late)
        self.hub.on("/", "stuck", self._stuck)
        self.begun = self.finished = False
        self.hub.on("/", "well", lambda context, socket: None)
        super().__init__(self._site)

    def _site(self) -> web.Application:
        made = web.Application()
        made.router.add_route("*", "/socket.io/", self.hub.handle)
        return made

    async def _first(self, context: None, socket: Socket) -> None:
        self.greeted.append("first")
        await asyncio.sleep(0.1)

    def _second(self, context: None, socket: Socket) -> None:
        self.greeted.append("second")

    def _wrong(self, context: None, socket: Socket) -> None:
        raise LookupError("a defect of a hook")

    async def _wrong_later(self, context: None, socket: Socket) -> None:
        raise LookupError("a defect of a hook that waits")

    def _unsaid(self, context: None, socket: Socket) -> Reply:
        return Reply((object(),))

    async def _late(self, context: None, socket: Socket) -> None:
        self.begun = True
        await asyncio.sleep(0.5)
        self.finished = True

    async def _stuck(self, context: None, socket: Socket) -> None:
        self.begun = True
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as a client library loses the word that the time is up
            await asyncio.sleep(60)

    async def _unsaid_later(self, context: None, socket: Socket) -> Reply:
        await asyncio.sleep(0.01)
        return Reply((object(),))


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The server; what escapes to its event loop is a fault."""
    made = Lab()
    yield made
    made.close()


async def _in(client: Peer, namespace: str = "") -> None:
    client.send(f"40{namespace}")
    assert str(await client.receive()).startswith(f"40{namespace}")


async def test_a_hook_that_fails_leaves_nothing_of_the_connection_behind(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client)
        await _in(client, "/other,")
    await lab.until(lambda: lab.hub.count() == 0)
    assert not list(lab.hub._held)


async def test_a_hook_that_fails_holds_up_no_drain(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as one, peer(lab, WEBSOCKET) as two:
        for client in (one, two):
            await client.receive()
            await _in(client)
        async with asyncio.timeout(PATIENCE):
            await lab.run(lab.hub.drain(0))
        assert lab.hub.count() == 0
        assert await one.closed() == await two.closed() == 1001


async def test_what_was_begun_is_finished_before_the_process_has_drained(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client)
        client.send('421["late"]')
        await lab.until(lambda: lab.begun)
    await lab.until(lambda: lab.hub.count() == 0)
    async with asyncio.timeout(PATIENCE):
        await lab.run(lab.hub.drain(0))
    assert lab.finished


async def test_what_outlives_its_time_holds_up_no_drain(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.hub.HANDLE_WITHIN", 0.4)
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client)
        client.send('421["stuck"]')
        await lab.until(lambda: lab.begun)
    async with asyncio.timeout(PATIENCE):
        await lab.run(lab.hub.drain(0))


async def test_who_has_gone_is_not_greeted_further(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client)
    await lab.until(lambda: lab.hub.count() == 0)
    await asyncio.sleep(0.2)
    assert lab.greeted == ["first"]


async def test_who_could_not_be_greeted_is_to_come_again(lab: Lab) -> None:
    """It would be connected and hear nothing, for as long as its page is open."""
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client, "/rude,")
        assert await client.closed() == 1000
    assert lab.hub.count() == 0


async def test_a_parting_that_fails_ends_no_other_namespace_of_the_connection(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client)
        await _in(client, "/parting,")
        client.send("41/parting,", '421["well"]')
        assert await client.receive() == '431[{"ok":true}]'
        client.send('422["well"]')
        assert await client.receive() == '432[{"ok":true}]'


async def test_a_door_that_fails_refuses(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        client.send('40{"token":"1"}')
        assert str(await client.receive()).startswith("44")
        await _in(client)


@pytest.mark.parametrize("event", ["ask", "wait"])
async def test_an_answer_that_cannot_be_written_is_a_refusal(lab: Lab, event: str) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        await _in(client)
        client.send(f'421["{event}"]', '422["well"]')
        assert '"code":"internal"' in str(await client.receive())
        assert await client.receive() == '432[{"ok":true}]'
