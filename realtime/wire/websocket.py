"""WebSocket frames as a server reads and writes them (RFC 6455), without extensions.

Compression is left out on purpose: it costs four times the memory a connection and ten times the CPU a frame, and a
frame that is compressed for one client cannot be written to the next.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Protocol

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

NORMAL, GOING_AWAY, PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1000, 1001, 1002, 1007, 1009

_CODES = (*range(1000, 1004), *range(1007, 1015))
"""What a closing frame may say, besides 3000 to 4999."""


class Violation(ValueError):
    """What came is against the protocol. ``code`` is what the closing frame says."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Sink(Protocol):
    """Who is told what was read."""

    def message(self, data: str | bytes) -> None: ...
    def control(self, opcode: int, payload: bytes) -> None: ...
    def fragment(self) -> None: ...


def accept(key: str) -> str:
    """Return the ``Sec-WebSocket-Accept`` that answers a client's key."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one whole, unmasked frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return bytes((0x80 | opcode, 126, size >> 8, size & 0xFF)) + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def closing(code: int, reason: str = "") -> bytes:
    """Return a closing frame."""
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode()[:123])


def answer(payload: bytes) -> bytes:
    """Return the payload of the closing frame that answers a client's with ``payload``."""
    if not payload:
        return b""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in _CODES or 3000 <= code < 5000):
        return PROTOCOL_ERROR.to_bytes(2, "big")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return NOT_UTF8.to_bytes(2, "big")
    return payload[:2]


def masked(payload: bytes, mask: bytes) -> bytes:
    """Return ``payload`` with the mask laid over it; twice gives the payload back."""
    size = len(payload)
    over = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(over, "little")).to_bytes(size, "little")


class Reader:
    """Takes bytes as they come from a client and tells its sink of whole messages and control frames."""

    __slots__ = ("_buffer", "_largest", "_opcode", "_parts", "_sink", "_size")

    def __init__(self, sink: Sink, largest: int) -> None:
        self._sink = sink
        self._largest = largest
        self._buffer = b""
        self._opcode = 0
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Read on. Raises Violation; nothing may be fed after that."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            size, body = second & 0x7F, at + 6
            if not second & 0x80:
                raise Violation(PROTOCOL_ERROR, "not masked")
            if size == 126:
                if end - at < 4:
                    break
                size, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 8
            elif size == 127:
                if end - at < 10:
                    break
                size, body = int.from_bytes(data[at + 2 : at + 10], "big"), at + 14
            opcode = first & 0x0F
            self._hold(first, opcode, size)
            if end < body + size:
                break
            self._take(first, opcode, masked(data[body : body + size], data[body - 4 : body]))
            at = body + size
        if at < end:
            self._buffer = data[at:]

    def _hold(self, first: int, opcode: int, size: int) -> None:
        """Raise Violation unless a frame that begins so may come now."""
        if first & 0x70:
            raise Violation(PROTOCOL_ERROR, "a reserved bit is set")
        if opcode & 0x8:
            if opcode > PONG or not first & 0x80 or size > 125:
                raise Violation(PROTOCOL_ERROR, "no control frame")
            return
        if opcode > BINARY:
            raise Violation(PROTOCOL_ERROR, "unknown opcode")
        if (opcode == _CONTINUATION) != bool(self._opcode):
            raise Violation(PROTOCOL_ERROR, "fragments out of order")
        if self._size + size > self._largest:
            raise Violation(TOO_BIG, "message too big")

    def _take(self, first: int, opcode: int, payload: bytes) -> None:
        if opcode & 0x8:
            self._sink.control(opcode, payload)
            return
        if not first & 0x80:
            self._opcode = self._opcode or opcode
            if payload:  # empty ones would pile up without ever being too big
                self._parts.append(payload)
                self._size += len(payload)
            self._sink.fragment()
            return
        if opcode == _CONTINUATION:
            self._parts.append(payload)
            opcode, payload = self._opcode, b"".join(self._parts)
            self._opcode, self._parts, self._size = 0, [], 0
        if opcode == BINARY:
            self._sink.message(payload)
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            raise Violation(NOT_UTF8, "text is not UTF-8") from None
        self._sink.message(text)
