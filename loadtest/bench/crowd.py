"""Many WebSocket clients in one process, on bare sockets: cheap, so that the server has its core to itself."""

from __future__ import annotations

import base64
import json
import select
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgpack
import msgspec

MASK = b"\x5a\x17\xc3\x2e"
"""A client masks what it sends; one mask costs the server what any other does."""
TEXT, BINARY = 0x1, 0x2
PING = b"\x81\x012"
"""The frame of Engine.IO's ping."""
WITHIN = 20.0
"""Seconds without any progress after which a bench gives up."""


class Lost(AssertionError):
    """The server did not do what the bench asks of it."""


def masked(opcode: int, payload: bytes) -> bytes:
    """Return a client's frame."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    over = (MASK * (size // 4 + 1))[:size]
    return head + MASK + (int.from_bytes(payload, "big") ^ int.from_bytes(over, "big")).to_bytes(size, "big")


PONG = masked(TEXT, b"3")


def frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the whole frames at the beginning of what a server sent, as (opcode, payload), and the rest."""
    found, at = [], 0
    while len(data) - at >= 2:
        if not data[at] & 0x80:
            raise Lost("a fragment")
        size, body = data[at + 1], at + 2
        if size == 126:
            size, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        elif size == 127:
            size, body = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if len(data) < body + size:
            break
        found.append((data[at] & 0x0F, data[body : body + size]))
        at = body + size
    return found, data[at:]


class Speech(msgspec.Struct, frozen=True):
    """How clients speak: ``write`` makes a packet a frame, ``read`` undoes a frame's payload."""

    write: Callable[[int, Any, int | None], bytes]
    read: Callable[[int, bytes], Any]
    """Returns ``[kind, data, number]`` of a Socket.IO packet."""


NAMESPACE = "/live"
_KIND, _DATA, _NUMBER = "type", "data", "id"


def _msgpack_write(kind: int, data: Any, number: int | None = None) -> bytes:
    packet: dict[str, Any] = {_KIND: kind, "nsp": NAMESPACE}
    if data is not None:
        packet[_DATA] = data
    if number is not None:
        packet[_NUMBER] = number
    return masked(BINARY, msgpack.packb(packet))


def _msgpack_read(opcode: int, payload: bytes) -> Any:
    if opcode != BINARY:
        raise Lost(f"no packet in msgpack: {payload!r}")
    packet = msgpack.unpackb(payload)
    if packet["nsp"] != NAMESPACE:
        raise Lost(f"a packet of another namespace: {packet}")
    return [packet[_KIND], packet.get(_DATA), packet.get(_NUMBER)]


def _json_write(kind: int, data: Any, number: int | None = None) -> bytes:
    text = f"4{kind}{NAMESPACE},{'' if number is None else number}{'' if data is None else json.dumps(data)}"
    return masked(TEXT, text.encode())


def _json_read(opcode: int, payload: bytes) -> Any:
    head = f"{NAMESPACE},".encode()
    if opcode != TEXT or payload[:1] != b"4" or payload[2 : 2 + len(head)] != head:
        raise Lost(f"no packet in JSON: {payload!r}")
    rest = payload[2 + len(head) :].decode()
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return [int(payload[1:2]), json.loads(rest[digits:] or "null"), int(rest[:digits]) if digits else None]


MSGPACK = Speech(_msgpack_write, _msgpack_read)
JSON = Speech(_json_write, _json_read)


class Peer:
    """One client, blocking until its handshake is through."""

    def __init__(self, port: int, path: str, number: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), WITHIN)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self._waiting: list[tuple[int, bytes]] = []
        key = base64.b64encode(number.to_bytes(16, "big")).decode()
        # Each comes from an address of its own, as through a proxy.
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Accept-Language: zh-CN,zh;q=0.9\r\nX-Forwarded-For: {address}\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def begun(self) -> None:
        """Wait for the answer to the handshake."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, self._rest = data.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise Lost(f"refused: {head!r}")

    def frame(self) -> tuple[int, bytes]:
        """Wait for the next frame."""
        while not self._waiting:
            self._waiting, self._rest = frames(self._rest)
            if not self._waiting:
                self._rest += self._more()
        return self._waiting.pop(0)

    def ready(self) -> socket.socket:
        """Return the socket, no longer blocking. Raises Lost when something came that nobody asked for."""
        if self._waiting or self._rest:
            raise Lost(f"unasked: {self._waiting} {self._rest!r}")
        self.socket.setblocking(False)
        return self.socket

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise Lost("the server hung up")
        return data


def connect(port: int, count: int, speech: Speech, *, room: str = "", first: int = 0) -> list[socket.socket]:
    """Return ``count`` clients on the namespace, in ``room`` if the server leaves it to them to go in."""
    made: list[socket.socket] = []
    for at in range(first, first + count, 50):  # together, so that one waits for the other less
        peers = [
            Peer(port, "/socket.io/?EIO=4&transport=websocket", number)
            for number in range(at, min(at + 50, first + count))
        ]
        for peer in peers:
            peer.begun()
            if peer.frame()[1][:1] != b"0":
                raise Lost("no opening")
            peer.socket.sendall(speech.write(0, {"token": "0" * 43}, None))
        for peer in peers:
            if speech.read(*peer.frame())[0] != 0:
                raise Lost("no CONNECT")
            if room:
                peer.socket.sendall(speech.write(2, ["join", {"room": room}], 1))
        for peer in peers:
            if room and not speech.read(*peer.frame())[1][0]["ok"]:
                raise Lost("did not come into the room")
        made += [peer.ready() for peer in peers]
    return made


class Crowd:
    """Clients that hear the same and say when all have."""

    def __init__(self, sockets: Sequence[socket.socket], read: Callable[[int, bytes], Any]) -> None:
        self.sockets = {one.fileno(): one for one in sockets}
        self._read = read
        self._poll = select.epoll()
        for number in self.sockets:
            self._poll.register(number, select.EPOLLIN)

    def hear(self, expected: Any) -> int:
        """Wait until each has heard one frame that says ``expected``, byte for byte the same; return its length.

        Raises Lost for anything else, and after ``WITHIN`` seconds of silence.
        """
        frame, missing = b"", set(self.sockets)
        parts: dict[int, bytes] = {}
        while missing:
            ready = self._poll.poll(WITHIN)
            if not ready:
                raise Lost(f"{len(missing)} of {len(self.sockets)} heard nothing")
            for number, _ in ready:
                data = self.sockets[number].recv(65536)
                if data != frame:
                    data = self._odd(number, parts.pop(number, b"") + data)
                    if not frame and data:
                        frame = self._first(data, expected)
                    if not data or (len(data) < len(frame) and frame.startswith(data)):
                        parts[number] = data
                        continue
                    if data != frame:
                        raise Lost(f"{data!r} instead of {frame!r}")
                if number not in missing:
                    raise Lost("heard twice")
                missing.discard(number)
        return len(frame)

    def _odd(self, number: int, data: bytes) -> bytes:
        """Answer a ping of the server that stands before or after what is waited for."""
        if data.startswith(PING):
            data = data[len(PING) :]
        elif data.endswith(PING):
            data = data[: -len(PING)]
        else:
            return data
        self.sockets[number].sendall(PONG)
        return data

    def _first(self, data: bytes, expected: Any) -> bytes:
        found, rest = frames(data)
        if rest or len(found) != 1:
            raise Lost(f"not one whole frame: {data!r}")
        if (read := self._read(*found[0])) != expected:
            raise Lost(f"{read} instead of {expected}")
        return data

    def close(self) -> None:
        """Hang up."""
        self._poll.close()
        hang_up(self.sockets.values())


def hang_up(sockets: Iterable[socket.socket]) -> None:
    """Close sockets."""
    for one in sockets:
        one.close()
