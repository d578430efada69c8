"""Delivery of notices: every web process hears of each one from PostgreSQL and passes it to the member's sockets.

A notification carries the notice itself when it is short, so that usually nothing is read. Whenever something may be
missing (a gap in seq, the listening connection lost) the sockets are brought up to date from the table.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import Any

import asyncpg
import msgspec
import structlog

from realtime import notices, store
from realtime.sockets import Socket
from realtime.types import Head, Notice, Sync, Synced, VisitorKind
from server import database as db
from server.application import Application
from server.ending import end

log = structlog.get_logger("notices")
_CHECK = 5.0
"""Seconds between looks at whether the listening connection still lives."""


class _Told(msgspec.Struct, frozen=True):
    member_id: int
    epoch: str
    seq: int
    kind: str
    payload: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Told).decode


class _Place:
    """How far one socket has been told; None until it has been greeted."""

    __slots__ = ("epoch", "missed", "seq")

    def __init__(self) -> None:
        self.epoch = ""
        self.seq: int | None = None
        self.missed = False


class Delivery:
    """The notices of one web process."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._members: dict[int, dict[Socket, _Place]] = defaultdict(dict)
        self._heard: asyncio.Queue[_Told | None] = asyncio.Queue(maxsize=50_000)
        self._overrun = False
        self.listening = False

    @property
    def waiting(self) -> int:
        """How many notices have been heard and not yet passed on."""
        return self._heard.qsize()

    async def greet(self, app: Application, socket: Socket) -> None:
        """Tell a new socket where its member's notices stand (event ``ready``), and follow them from there."""
        if socket.visitor.kind is not VisitorKind.MEMBER:
            socket.emit("ready", {"epoch": "", "seq": 0})
            return
        place = self._members[socket.visitor.id][socket] = _Place()  # before the read: nothing falls between
        async with app.database.connection() as connection:
            head = await store.head(connection, socket.visitor.id)
            self._ready(socket, place, head)
            if place.missed:
                await self._catch_up(connection, socket.visitor.id)

    def part(self, app: Application, socket: Socket) -> None:
        """Forget a socket that closed."""
        held = self._members.get(socket.visitor.id)
        if held is not None and held.pop(socket, None) is not None and not held:
            del self._members[socket.visitor.id]

    async def sync(self, app: Application, socket: Socket, body: Sync) -> Synced:
        """Answer ``sync``: the notices after what the client saw last."""
        if socket.visitor.kind is not VisitorKind.MEMBER:
            return Synced("", 0, [], False, bool(body.epoch) or body.seq > 0)
        async with app.database.connection() as connection:
            return await notices.since(connection, socket.visitor.id, body)

    async def run(self) -> None:
        """Listen and deliver until cancelled, through any outage of PostgreSQL."""
        passing = asyncio.create_task(self._pass_on(), name="notices")
        try:
            while True:
                try:
                    await self._listen()
                except db.DOWN as error:
                    log.warning("not listening", error=str(error) or type(error).__name__)
                except Exception as error:  # a password that is being changed, a server without memory: it passes
                    log.error("not listening", exc_info=error)
                self.listening = False
                await asyncio.sleep(0.5)
        finally:
            self.listening = False
            await end(passing)

    async def _listen(self) -> None:
        """Hear notifications on a direct connection until it breaks."""
        connection: Any = await asyncpg.connect(self._app.settings.database_direct_url, timeout=5)
        try:
            broken = asyncio.Event()
            connection.add_termination_listener(lambda _: broken.set())
            await connection.add_listener(store.CHANNEL, self._hear)
            self.listening = True
            self._put(None)  # what came while nobody listened
            while not broken.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CHECK):
                        await broken.wait()
                await connection.fetchval("SELECT 1", timeout=_CHECK)  # it may be gone without a word
        finally:
            with contextlib.suppress(*db.DOWN):
                await connection.close(timeout=2)

    def _hear(self, connection: Any, pid: int, channel: str, payload: str) -> None:
        told = _decode(payload)
        if told.member_id in self._members:
            self._put(told)

    def _put(self, told: _Told | None) -> None:
        try:
            self._heard.put_nowait(told)
        except asyncio.QueueFull:
            self._overrun = True  # the table has it

    async def _pass_on(self) -> None:
        while True:
            told = await self._heard.get()
            try:
                if told is None or self._overrun:
                    self._overrun = False
                    await self._catch_up_all()
                else:
                    await self._deliver(told)
            except Exception as error:  # whatever one notice brings up, the others are still to be passed on
                if isinstance(error, (*db.DOWN, *db.CONTENTION)):
                    log.warning("notices wait", error=str(error) or type(error).__name__)
                else:
                    log.error("notices wait", exc_info=error)
                await asyncio.sleep(0.5)
                self._overrun = True
                if self._heard.empty():
                    self._put(None)

    async def _deliver(self, told: _Told) -> None:
        behind = False
        for socket, place in list(self._members.get(told.member_id, {}).items()):
            if place.seq is None:
                place.missed = True
            elif place.epoch == told.epoch and told.seq <= place.seq:
                continue
            elif place.epoch == told.epoch and told.seq == place.seq + 1 and told.payload is not None:
                socket.emit(told.kind, notices.told(Notice(told.seq, told.kind, told.payload), told.epoch))
                place.seq = told.seq
            else:
                behind = True
        if behind:
            async with self._app.database.connection() as connection:
                await self._catch_up(connection, told.member_id)

    async def _catch_up_all(self) -> None:
        members = list(self._members)
        for at in range(0, len(members), 500):
            async with self._app.database.connection() as connection:
                heads = await store.heads(connection, members[at : at + 500])
                for member_id, head in heads.items():
                    places = self._members.get(member_id, {}).values()
                    if any(place.seq is None or (place.epoch, place.seq) != (head.epoch, head.seq) for place in places):
                        await self._catch_up(connection, member_id)

    async def _catch_up(self, connection: db.Connection, member_id: int) -> None:
        """Bring the member's sockets up to date from the table."""
        sockets = self._members.get(member_id, {})
        # Others go on being told while we read: who is ahead of the head was ahead before it was read, or is in order.
        stood = {socket: place.seq or 0 for socket, place in sockets.items()}
        head = await store.head(connection, member_id)
        for socket, place in list(sockets.items()):
            if place.seq is None:
                place.missed = True
                continue
            if place.epoch != head.epoch or stood.get(socket, 0) > head.seq:
                self._ready(socket, place, head)
                continue
            while place.seq < head.seq and (
                found := await store.notices_after(connection, member_id, place.seq, notices.PAGE)
            ):
                for notice in found:
                    if notice.seq > place.seq:
                        socket.emit(notice.kind, notices.told(notice, head.epoch))
                        place.seq = notice.seq

    def _ready(self, socket: Socket, place: _Place, head: Head) -> None:
        place.epoch, place.seq = head.epoch, head.seq
        socket.emit("ready", {"epoch": head.epoch, "seq": head.seq})
