"""One Engine.IO connection: over long polling, over a WebSocket, or moving from the first to the second.

It costs no task. What goes out is a frame that was made before (parcels.py); the hot case is one call into the event
loop's transport: ``if line.flowing: line.write(parcel.frame)``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from realtime.wire import websocket
from realtime.wire.parcels import SEPARATOR, Outgoing, Signal
from realtime.wire.probe import Probe
from realtime.wire.takeover import PENDING_MOST, Channel, nowhere

if TYPE_CHECKING:
    from realtime.wire.engine import Engine

PING, NOOP, CLOSE = Signal("2"), Signal("6"), Signal("1")
HELD_DROPPABLE, HELD_MOST = 64, 512
"""Packets waiting for the next poll: beyond the first droppable ones are left out, beyond the second it is closed."""
HELD_BYTES = 1_048_576
"""The same in bytes: what a client asks for and does not fetch is the process's memory."""
NOISE = 5000
"""Frames and packets between two pings of ours that say nothing; who sends more is closed."""


class Handler(Protocol):
    """What the floor above makes of one connection."""

    def message(self, data: str | bytes) -> None:
        """Take a message."""

    def closed(self, reason: str) -> None:
        """Hear, once, that the connection has ended."""


class Malformed(ValueError):
    """The body of a POST is no payload of Engine.IO."""


class Line:
    """A connection as the server keeps it. Sending to one that has closed does nothing."""

    __slots__ = (
        "_channel",
        "_deadline",
        "_engine",
        "_held",
        "_held_size",
        "_noise",
        "_poll",
        "_probe",
        "_slow",
        "_timer",
        "flowing",
        "handler",
        "open",
        "posting",
        "sid",
        "skipped",
        "write",
    )

    def __init__(self, engine: Engine, sid: str) -> None:
        self._engine = engine
        self.sid = sid
        self.handler: Handler = _NOBODY
        self.open = True
        self.flowing = False
        """Whether ``write`` may be called with frames: on a WebSocket whose reader keeps up."""
        self.write: Callable[[bytes], None] = nowhere
        self.skipped = 0
        """Droppable packets that were left out because the reader was slow."""
        self.posting = False
        """Whether the body of a POST is being read."""
        self._channel: Channel | None = None
        self._probe: Probe | None = None
        self._poll: asyncio.Future[str | None] | None = None
        self._held: deque[Outgoing] | None = None
        self._held_size = 0
        self._noise = 0
        self._slow = False
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = False

    @property
    def transport(self) -> str:
        """Return ``websocket`` or ``polling``."""
        return "polling" if self._channel is None else "websocket"

    # Sending

    def send(self, packet: Outgoing, *, droppable: bool = False) -> None:
        """Send a packet, after everything sent before. A slow reader misses what is ``droppable``, and is closed if
        too much waits for it."""
        if self.flowing:
            self.write(packet.frame)
        elif not self.open:
            return
        elif self._channel is not None:
            if droppable:
                self.skipped += 1
            elif self._channel.pending + len(packet.frame) > PENDING_MOST:
                self.close("slow reader")
            else:
                self._channel.pile(packet.frame)
        else:
            self._hold(packet, droppable)

    def _hold(self, packet: Outgoing, droppable: bool) -> None:
        if self._held is None:
            self._held = deque()
        if droppable and len(self._held) >= HELD_DROPPABLE:
            self.skipped += 1
            return
        self._held_size += len(packet.frame)
        if len(self._held) >= HELD_MOST or (self._held and self._held_size > HELD_BYTES):
            self.close("slow reader")
            return
        self._held.append(packet)
        self._answer_poll()

    # Ending

    def close(self, reason: str = "forced close", code: int = websocket.NORMAL) -> None:
        """End the connection; the stock client comes back by itself. Does nothing the second time."""
        if not self.open:
            return
        channel, poll = self._channel, self._poll
        self._finish(reason)
        if channel is not None:
            if reason == "slow reader":
                channel.abort()
            else:
                channel.close(code, reason)
        elif poll is not None and not poll.done():
            poll.set_result(CLOSE.polled())

    def _finish(self, reason: str) -> None:
        self.open = self.flowing = False
        self.write = nowhere
        self._held = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._probe is not None:
            self._probe.close()
            self._probe = None
        self._engine.forget(self)
        handler, self.handler = self.handler, _NOBODY
        handler.closed(reason)

    # Heartbeat: one timer, for the next ping or for the pong that is due

    def beat(self) -> None:
        """Begin the heartbeat."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(loop.time() + self._engine.ping_interval, self._ping)

    def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        at = self._timer.when() if self._timer is not None else loop.time()
        self._timer = loop.call_at(at + self._engine.ping_timeout, self.close, "ping timeout")
        self._deadline = True
        self._noise = 0
        self.send(PING)

    def _pong(self) -> None:
        if self._deadline and self._timer is not None:
            self._timer.cancel()
            self._deadline = False
            self.beat()
        else:
            self.noise()

    # What comes

    def packet(self, data: str | bytes) -> None:
        """Take one Engine.IO packet. Raises Malformed."""
        if isinstance(data, bytes):
            self.handler.message(data)
            return
        match data[:1]:
            case "4":
                self.handler.message(data[1:])
            case "3":
                self._pong()
            case "1":
                self._left()
            case _:
                raise Malformed("no packet")

    def _left(self) -> None:
        channel, poll = self._channel, self._poll
        self._finish("transport close")
        if channel is not None:
            channel.close()
        elif poll is not None and not poll.done():
            poll.set_result(NOOP.polled())

    # Over a WebSocket: the user of its channel

    def message(self, data: str | bytes) -> None:
        """Take what came over the WebSocket."""
        if not self.open:
            return
        try:
            self.packet(data)
        except Malformed:
            self.close("parse error", websocket.PROTOCOL_ERROR)

    def slow(self, slow: bool) -> None:
        """Hear that the reader of the WebSocket has fallen behind, or has caught up."""
        self._slow = slow
        self.flowing = self.open and not slow

    def noise(self) -> None:
        """Count what says nothing, and end a flood of it."""
        self._noise += 1
        if self._noise > NOISE:
            self.close("flood")

    def lost(self, reason: str) -> None:
        """Hear that the WebSocket has gone."""
        self.flowing = False
        if self.open:
            self._finish(reason)

    def attach(self, channel: Channel) -> None:
        """Speak over ``channel`` from now on, beginning with what waits."""
        self._channel = channel
        self.write = channel.write
        held, self._held = self._held, None
        for packet in held or ():
            channel.pile(packet.frame)
        self.flowing = self.open and not self._slow

    def pause(self) -> None:
        """Take nothing more from the client until ``resume``. On polling the client waits for its answers anyway."""
        if self._channel is not None:
            self._channel.pause_reading()

    def resume(self) -> None:
        """Undo ``pause``."""
        if self._channel is not None:
            self._channel.resume_reading()

    # Over long polling

    async def poll(self) -> str | None:
        """Return what the next poll is answered with; None when it may not be asked now (and the connection ends)."""
        if self._poll is not None:
            self.close("transport error")
            return None
        if self._held:
            return self._drained()
        if self._probe is not None and self._probe.alive:
            return NOOP.polled()
        self._poll = asyncio.get_running_loop().create_future()
        try:
            return await self._poll
        finally:
            self._poll = None

    def payload(self, body: str) -> None:
        """Take the body of a POST. Raises Malformed, with the connection closed."""
        try:
            for part in body.split(SEPARATOR):
                if not self.open:
                    break
                if part[:1] == "b":
                    self.packet(base64.b64decode(part[1:].encode(), validate=True))
                else:
                    self.packet(part)
        except (binascii.Error, Malformed) as error:
            self.close("parse error")
            raise Malformed(str(error)) from None

    def _drained(self) -> str:
        held, self._held, self._held_size = self._held, None, 0
        return SEPARATOR.join(packet.polled() for packet in held or ())

    def _answer_poll(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(self._drained())

    # From polling to a WebSocket

    @property
    def polling(self) -> bool:
        """Tell whether it is still on long polling, so that polls are answered."""
        return self.open and self._channel is None

    def probe(self, largest: int) -> Channel:
        """Return the channel on which a client tries whether WebSockets reach us. An earlier try is given up."""
        if self._probe is not None:
            self._probe.close()
        probe = Probe(self, largest)
        if self.polling:
            self._probe = probe
        return probe.channel

    def probed(self) -> None:
        """Let go of a poll that waits: the client moves when it is answered."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(NOOP.polled())

    def unprobed(self, probe: Probe) -> None:
        """Forget a try that came to nothing."""
        if self._probe is probe:
            self._probe = None

    def upgraded(self, channel: Channel) -> None:
        """Move to the WebSocket."""
        self._probe = None
        self.probed()
        self.attach(channel)


class _Nobody:
    def message(self, data: str | bytes) -> None:
        """Nobody listens."""

    def closed(self, reason: str) -> None:
        """Nobody minds."""


_NOBODY = _Nobody()
