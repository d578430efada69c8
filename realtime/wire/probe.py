"""The WebSocket that a polling client tries before it moves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from realtime.wire import websocket
from realtime.wire.takeover import Channel

if TYPE_CHECKING:
    from realtime.wire.line import Line

PROBED = websocket.frame(websocket.TEXT, b"3probe")
WITHIN = 10.0
"""Seconds for a client to move."""


class Probe:
    """The user of a WebSocket that a polling client tries; the line becomes its user once it has moved."""

    __slots__ = ("_line", "_timer", "alive", "channel")

    def __init__(self, line: Line, largest: int) -> None:
        self._line: Line | None = line
        self.alive = False
        self.channel = Channel(self, largest)
        self._timer = asyncio.get_running_loop().call_later(WITHIN, self.close)

    def message(self, data: str | bytes) -> None:
        """Take what came over the WebSocket: the probe, then the word to move."""
        line = self._line
        if line is None or not line.polling:
            self.channel.close()
        elif data == "2probe" and not self.alive:  # once: who asks on and on need not read the answers
            self.alive = True
            self.channel.write(PROBED)
            line.probed()
        elif data == "5" and self.alive:
            self._line = None
            self._timer.cancel()
            self.channel.serve(line)
            line.upgraded(self.channel)
        else:
            self.close()

    def slow(self, slow: bool) -> None:
        """Nothing goes out that could pile up."""

    def noise(self) -> None:
        """Count what says nothing against the line."""
        if self._line is not None:
            self._line.noise()

    def lost(self, reason: str) -> None:
        """Hear that the WebSocket has gone before the client moved."""
        self.alive = False
        self._timer.cancel()
        if self._line is not None:
            self._line.unprobed(self)
        self._line = None

    def close(self) -> None:
        """Give the try up; the client stays on polling."""
        self.channel.close()
