"""What goes out: encoded and framed once, however many connections it is written to."""

from __future__ import annotations

import base64

from realtime.wire import websocket

SEPARATOR = "\x1e"
"""Between the packets of one body of long polling."""


class Parcel:
    """One Socket.IO packet as it goes out: a message of text or bytes, and the attachments that follow it.

    ``frame`` holds the bytes that a WebSocket gets; the form for long polling is made when a poll asks for it.
    """

    __slots__ = ("frame", "messages")

    def __init__(self, *messages: str | bytes) -> None:
        self.messages = messages
        first = messages[0]
        if len(messages) == 1 and isinstance(first, bytes):
            self.frame = websocket.frame(websocket.BINARY, first)
        else:
            self.frame = b"".join(
                websocket.frame(websocket.TEXT, b"4" + one.encode())
                if isinstance(one, str)
                else websocket.frame(websocket.BINARY, one)
                for one in messages
            )

    def polled(self) -> str:
        """Return the packet as a part of the answer to a poll."""
        return SEPARATOR.join(
            "4" + one if isinstance(one, str) else "b" + base64.b64encode(one).decode() for one in self.messages
        )


class Signal:
    """A packet of Engine.IO itself, which has no content of ours: ping, noop, close."""

    __slots__ = ("_text", "frame")

    def __init__(self, text: str) -> None:
        self._text = text
        self.frame = websocket.frame(websocket.TEXT, text.encode())

    def polled(self) -> str:
        """Return the packet as a part of the answer to a poll."""
        return self._text


Outgoing = Parcel | Signal
