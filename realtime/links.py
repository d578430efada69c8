"""What one client says, packet by packet: the floor between a line of Engine.IO and the hub.

The events of a connection are handled one after the other, in the order they came. A plain function is called where the
packet was read, which costs no task; a coroutine has the connection wait for it, and a client that goes on sending
meanwhile is not read from beyond ``INBOX`` packets.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import structlog

from realtime.guard import Bucket
from realtime.sockets import Socket
from realtime.wire.line import Line
from realtime.wire.packets import MSGPACK, BadPacket, Encoding, Packet, PacketType, Reader, encoding_of
from server.http.proxies import network_of
from server.i18n import Translator

if TYPE_CHECKING:
    from realtime.hub import Hub

log = structlog.get_logger("realtime")
INBOX, INBOX_SIZE = 64, 131_072
"""Messages of one connection that may wait while an earlier one is handled, and how much they may hold (characters or
bytes), before it is read no further. They wait as they came: what is read from one may be twenty times as big."""
INBOX_MOST, INBOX_SIZE_MOST = 256, 524_288
"""The same, before it is closed: more than comes with one read, and over long polling nothing makes a client wait."""
STAY = 1.0
"""Seconds that a kicked client has to close its connection by itself."""


class Link:
    """One connection, with a socket for each namespace that it speaks on."""

    __slots__ = (
        "_bucket",
        "_busy",
        "_deadline",
        "_inbox",
        "_inbox_size",
        "_paused",
        "_reader",
        "address",
        "encoding",
        "hub",
        "language",
        "limited",
        "line",
        "network",
        "sockets",
    )

    def __init__(self, hub: Hub, line: Line, address: str, language: Translator | None, *, limited: bool) -> None:
        self.hub = hub
        self.line = line
        self.address = address
        self.network = network_of(address)
        """What limits count by."""
        self.language = language
        self.limited = limited
        self.encoding: Encoding = MSGPACK
        self.sockets: dict[str, Socket] = {}
        self._reader: Reader | None = None
        self._bucket: Bucket | None = None
        self._inbox: deque[str | bytes] | None = None
        self._inbox_size = 0
        self._paused = False
        self._busy: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._await_connect()

    # What the line tells

    def message(self, data: str | bytes) -> None:
        """Take a message. What is no packet ends the connection, and so does a flood."""
        if self._busy is None:
            rest = self._take(data)
            if rest is not None:
                self._busy = asyncio.get_running_loop().create_task(self._work(rest))
            return
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(data)
        self._inbox_size += len(data)
        if not self._paused and (len(self._inbox) >= INBOX or self._inbox_size >= INBOX_SIZE):
            self._paused = True
            self.line.pause()
        elif len(self._inbox) > INBOX_MOST or self._inbox_size > INBOX_SIZE_MOST:
            self._flooded()

    def closed(self, reason: str) -> None:
        """End the sockets of a connection that has gone."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._inbox = None
        if self._busy is not None:
            self.hub.outlived(self._busy)
        sockets, self.sockets = self.sockets, {}
        for socket in sockets.values():
            self.hub.ended(socket)
        self.hub.forget(self)

    # What the hub asks

    def kick(self, socket: Socket, code: str) -> None:
        """End ``socket`` for good (Socket.kick)."""
        if not socket.open:
            return
        socket.emit("closed", {"code": code})
        socket.push(self.encoding.packet(PacketType.DISCONNECT, socket.namespace))
        self.sockets.pop(socket.namespace, None)
        self.hub.ended(socket)
        if not self.sockets:  # the client closes by itself; one that does not is closed
            asyncio.get_running_loop().call_later(STAY, self.line.close, "forced server close")

    def refuse(self, namespace: str, told: dict[str, Any]) -> None:
        """Tell a client that it may not come in."""
        self.line.send(self.encoding.packet(PacketType.CONNECT_ERROR, namespace, told))

    def welcome(self, socket: Socket) -> None:
        """Tell a client that it has come in; what is sent to its socket arrives after that."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self.sockets[socket.namespace] = socket
        socket.push(self.encoding.packet(PacketType.CONNECT, socket.namespace, {"sid": socket.id}))

    def answer(self, packet: Packet, *told: Any) -> None:
        """Acknowledge an event, if the client asked for that."""
        if packet.id is not None:
            self.line.send(self.encoding.packet(PacketType.ACK, packet.nsp, list(told), packet.id))

    # One packet after the other

    async def _work(self, rest: Awaitable[None]) -> None:
        """Finish what was begun, then whatever came meanwhile."""
        try:
            await rest
            while self._inbox:
                data = self._inbox.popleft()
                self._inbox_size -= len(data)
                if self._paused and len(self._inbox) <= INBOX // 2 and self._inbox_size <= INBOX_SIZE // 2:
                    self._paused = False
                    self.line.resume()
                more = self._take(data)
                if more is not None:
                    await more
        finally:
            self._busy = None

    def _take(self, data: str | bytes) -> Awaitable[None] | None:
        """Read a message and do what its packet says, if it is whole; what is returned still has to be awaited."""
        reader = self._reader
        if reader is None:
            self.encoding = encoding_of(data)
            reader = self._reader = self.encoding.reader()
        try:
            packet = reader.read(data)
        except BadPacket as error:
            log.info("bad packet", address=self.address, error=str(error))
            self.line.close("parse error")
            return None
        return None if packet is None else self._handle(packet)

    def _handle(self, packet: Packet) -> Awaitable[None] | None:
        """Do what a packet says; what is returned still has to be awaited."""
        if not self.line.open:
            return None
        socket = self.sockets.get(packet.nsp)
        if self.hub.limits.events_per_second:
            if self._bucket is None:
                self._bucket = Bucket(self.hub.limits.events_per_second, self.hub.limits.events_at_once)
            if not self._bucket.take() and self._beyond(self._bucket, packet, socket):
                return None
        match packet.type:
            case PacketType.EVENT:
                if socket is None:
                    return None
                if self.limited and (wait := self.hub.paced(self, socket)):
                    self.hub.limited(self, packet, math.ceil(wait))
                    return None
                return self.hub.event(socket, packet)
            case PacketType.CONNECT:
                if socket is not None:
                    self.line.close("parse error")  # a second CONNECT is against the protocol
                    return None
                return self.hub.connect(self, packet, secrets.token_urlsafe(12))
            case PacketType.DISCONNECT if socket is not None:
                del self.sockets[packet.nsp]
                self.hub.ended(socket)
                if not self.sockets:  # a connection without a socket counts against nobody's limit: it may not stay
                    self._await_connect()
            case _:
                pass  # an acknowledgement: nothing that the platform sends asks for one, it counts by seq instead
        return None

    def _beyond(self, bucket: Bucket, packet: Packet, socket: Socket | None) -> bool:
        """Refuse a packet beyond the rate. False for one that is heeded all the same: who leaves may always leave."""
        if bucket.debt > self.hub.limits.flood:
            self._flooded()
        elif packet.type is PacketType.DISCONNECT:
            return False
        elif packet.type is PacketType.CONNECT or socket is not None:
            self.hub.limited(self, packet, bucket.retry_after)
        return True

    def _await_connect(self) -> None:
        self._deadline = asyncio.get_running_loop().call_later(
            self.hub.limits.connect_within, self.line.close, "no CONNECT"
        )

    def _flooded(self) -> None:
        log.warning("flood", address=self.address)
        self.line.close("flood")
