"""A client of ``/member`` without a library, cheap enough for thousands, that follows the platform's protocol as the
pages do: a token for each connection, CONNECT, ``ready``, ``sync`` for what was missed, ``join`` with its place.

It keeps a log of every event by its number; what comes twice is dropped by its place, as pages drop it, and counted.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

ROOM = "drill:all"
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
Token = Callable[[int], Awaitable[str]]
"""Fetches a connection token for a member."""


class Broken(RuntimeError):
    """The server did what the protocol does not allow."""


class Client(asyncio.Protocol):
    """One member's page. ``heeds`` says whether it goes by itself when it is told ``drain``, as the pages do, or stays
    until it is closed, as the stock client does."""

    def __init__(self, port: int, member: int, token: Token, *, heeds: bool) -> None:
        self.member = member
        self.worker = ""
        self.notices: list[tuple[int, int]] = []
        """Place and number of each notice, in the order in which they were taken."""
        self.said: list[tuple[int, int]] = []
        self.repeated = 0
        self.fetched = 0
        """Events that were asked for because they were missed, of the notices and of the room."""
        self.refused = 0
        self.lost_at = 0.0
        self.gaps: list[float] = []
        """Seconds from each loss of the connection until everything was caught up."""
        self.back_at = 0.0
        self.faults: list[str] = []
        self.whole = asyncio.Event()
        """Set while it is connected and knows all there is."""
        self._port, self._token, self._heeds = port, token, heeds
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()
        self._buffer = b""
        self._spoken = False
        self._seen: tuple[str, int] | None = None
        self._place: tuple[str, int] | None = None
        self._acks: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._syncing = False
        self._caught_up = False

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait = 0.0
        try:
            while True:
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))
                try:
                    await self._connect()
                except (OSError, TimeoutError, Broken):
                    self.refused += 1
                    wait = min(max(1.0, wait * 2), 5.0)
                    continue
                await self._gone.wait()
                if self._caught_up:
                    wait = 0.0 if self._heeds else 1.0
                else:  # as pages do: who could not catch up must not come back at once, or nobody ever will
                    self.refused += 1
                    wait = min(max(1.0, wait * 2), 5.0)
        finally:
            for task in list(self._tasks):
                task.cancel()
            if self._transport is not None:
                self._transport.close()

    async def _connect(self) -> None:
        token = await self._token(self.member)
        self._buffer, self._spoken, self._syncing = b"", False, False
        self._gone.clear()
        self._caught_up = False
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(15):
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)
            key = base64.b64encode(os.urandom(16)).decode()
            assert self._transport is not None
            self._transport.write(
                f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
            )
            self._auth = token
            await self._opened

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not registered as asyncio's

    def connection_lost(self, exc: BaseException | None) -> None:
        self._transport = None
        self.worker = ""
        if self.whole.is_set():
            self.lost_at = time.monotonic()
            self.whole.clear()
        waiting: list[asyncio.Future[Any]] = [*self._acks.values(), self._opened]
        for future in waiting:
            if not future.done():
                future.set_exception(Broken("the connection has gone"))
                future.exception()  # whoever waits hears of it; nobody has to
        self._acks.clear()
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._spoken:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self._close()
                return
            self._spoken, self._buffer = True, rest
        at, buffer = 0, self._buffer
        while len(buffer) - at >= 2:
            opcode, size, body = buffer[at] & 0x0F, buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                size, body = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, body = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < body or len(buffer) < body + size:
                break
            at = body + size
            if opcode == 1:
                self._packet(buffer[body:at].decode())
            elif opcode == 8:
                self._close()
                return
        self._buffer = buffer[at:]

    def _send(self, text: str) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        data = text.encode()
        size = len(data)
        head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
        self._transport.write(head + b"\0\0\0\0" + data)  # a mask of zeros leaves the bytes as they are

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # The protocol

    def _packet(self, text: str) -> None:
        if text == "2":
            self._send("3")
        elif text[0] == "0":
            self.worker = _decode(text[1:])["sid"].partition(".")[0]
            self._send(f"40/member,{_encode({'token': self._auth}).decode()}")
        elif text.startswith("40/member,"):
            if not self._opened.done():
                self._opened.set_result(None)
        elif text.startswith("42/member,"):
            event, *payload = _decode(text[10:])
            self._event(event, payload)
        elif text.startswith("43/member,"):
            number, _, body = text[10:].partition("[")
            future = self._acks.pop(int(number), None)
            if future is not None and not future.done():
                (answer,) = _decode("[" + body)
                if answer.get("events") and "room" in answer:
                    self._join_answered(answer)  # before the event that comes right behind it is read
                future.set_result(answer)
        elif text.startswith("44/member,"):
            self._close()

    def _event(self, event: str, payload: list[Any]) -> None:
        match event:
            case "ready":
                self._ready(payload[0])
                self._spawn(self._catch_up(payload[0]))
            case "order":
                self._notice(payload[0])
            case "said":
                self._room(payload[0]["number"], payload[1]["epoch"], payload[1]["seq"])
            case "drain" if self._heeds:
                asyncio.get_running_loop().call_later(payload[0]["reconnect_after"] / 1000, self._close)
            case "room" | "closed":
                self.faults.append(f"{event}: {payload}")

    def _ready(self, head: dict[str, Any]) -> None:
        """Take the place to begin from; at once, for the next packet may be the next notice."""
        if self._seen is None:
            self._seen = (head["epoch"], head["seq"])
        elif self._seen[0] != head["epoch"] or self._seen[1] > head["seq"]:  # a page would begin anew
            self.faults.append(f"told to be at {head}, not at {self._seen}")

    async def _ask(self, event: str, body: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._acks[self._number] = future
        self._send(f"42/member,{self._number}{_encode([event, body]).decode()}")
        async with asyncio.timeout(15):
            answer = await future
        if not answer["ok"]:
            raise Broken(f"{event}: {answer}")
        return answer

    async def _catch_up(self, head: dict[str, Any]) -> None:
        """Come to where the member's notices and the room are; again from the start when the connection goes."""
        try:
            await self._sync(head["seq"])
            body: dict[str, Any] = {"room": ROOM}
            if self._place is not None:
                body |= {"epoch": self._place[0], "seq": self._place[1]}
            answer = await self._ask("join", body)
            if not answer["events"]:
                self._join_answered(answer)
        except (Broken, TimeoutError):
            self._close()
            return
        self.whole.set()
        self._caught_up = True
        if self.lost_at:
            self.back_at = time.monotonic()
            self.gaps.append(self.back_at - self.lost_at)
            self.lost_at = 0.0

    def _join_answered(self, answer: dict[str, Any]) -> None:
        if answer["reset"]:
            if self._place is not None:
                self.faults.append("the room began anew")
            self._place = (answer["epoch"], answer["seq"])
        for _, payload, place in answer["events"]:
            self.fetched += 1
            self._room(payload["number"], place["epoch"], place["seq"])

    async def _sync(self, until: int) -> None:
        assert self._seen is not None
        while self._seen[1] < until:
            page = await self._ask("sync", {"epoch": self._seen[0], "seq": self._seen[1]})
            if page["reset"]:
                raise Broken("the notices began anew")
            for notice in page["events"]:
                self.fetched += 1
                self._notice(notice)
            if not page["events"]:
                raise Broken("there is less than was told")

    def _notice(self, notice: dict[str, Any]) -> None:
        if self._seen is None:
            return  # its `ready` is on the way
        epoch, seq = self._seen
        if notice["epoch"] != epoch:
            self.faults.append(f"another epoch: {notice['epoch']}")
        elif notice["seq"] == seq + 1:
            self._seen = (epoch, seq + 1)
            self.notices.append((notice["seq"], notice["number"]))
        elif notice["seq"] <= seq:
            self.repeated += 1
        elif not self._syncing:
            self._syncing = True
            self._spawn(self._fill(notice["seq"]))

    async def _fill(self, until: int) -> None:
        try:
            await self._sync(until)
        except (Broken, TimeoutError):
            self._close()
        finally:
            self._syncing = False

    def _room(self, number: int, epoch: str, seq: int) -> None:
        if self._place is None:
            self.faults.append("said before the room was entered")
        elif self._place != (epoch, seq - 1):
            self.faults.append(f"the room went from {self._place} to {(epoch, seq)}")
        self._place = (epoch, seq)
        self.said.append((seq, number))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
