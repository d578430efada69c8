"""Socket.IO v5 packets, in the two encodings that the stock JavaScript client speaks.

``JSON`` is what it speaks unless told otherwise; bytes travel beside the text as attachments. ``MSGPACK`` is its
msgpack parser: one binary message a packet. A connection is known by its first message, which is text or binary.

A field without a value is left out: the msgpack parser of that client refuses ``nil`` for the data of CONNECT and, for
the data of DISCONNECT, closes the transport instead, so that a kicked client would come back for ever.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from realtime.wire.parcels import Parcel


class PacketType(IntEnum):
    """The packets of the protocol. The two BINARY ones exist in JSON alone, for what carries bytes."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class BadPacket(ValueError):
    """A client sent what is no packet of the protocol."""


class Packet(msgspec.Struct, frozen=True, gc=False):
    """A packet as it comes. The data of an event is a list that begins with its name; all else is for the reader."""

    type: PacketType
    nsp: str = "/"
    data: Any = None
    id: int | None = None


class Encoding(Protocol):
    """One of the two ways to write packets."""

    def packet(
        self, kind: PacketType, namespace: str, data: Any | UnsetType = UNSET, number: int | None = None
    ) -> Parcel:
        """Return the packet as it goes out."""

    def event(self, namespace: str, message: bytes) -> Parcel:
        """Return the event packet of ``message``: name and arguments, an array in msgpack. Raises MsgspecError."""

    def reader(self) -> Reader:
        """Return what reads one connection's messages."""


class Reader(Protocol):
    """Reads the messages of one connection."""

    def read(self, message: str | bytes) -> Packet | None:
        """Return the packet that is whole with this message, None when more belongs to it. Raises BadPacket."""


ATTACHMENTS = 16
"""The most one packet may carry."""
NAMESPACE = 100
"""Characters in the name of a namespace."""
_MOST_ID = 2**53


def _checked(packet: Packet) -> Packet:
    """Return the packet if it is one that clients send, whole and well-formed. Raises BadPacket."""
    match packet.type:
        case PacketType.EVENT:
            if not (isinstance(packet.data, list) and packet.data and isinstance(packet.data[0], str)):
                raise BadPacket("an event without a name")
        case PacketType.ACK:
            if packet.id is None or not isinstance(packet.data, list):
                raise BadPacket("an acknowledgement without number or arguments")
        case PacketType.CONNECT:
            if packet.data is not None and not isinstance(packet.data, dict):
                raise BadPacket("credentials are an object")
        case PacketType.DISCONNECT:
            if packet.data is not None:
                raise BadPacket("a disconnection says nothing")
        case _:
            raise BadPacket("not for clients to send")
    if packet.id is not None and not 0 <= packet.id <= _MOST_ID:
        raise BadPacket("the number of an event is out of range")
    if len(packet.nsp) > NAMESPACE:
        raise BadPacket("the name of the namespace is too long")
    return packet


class _Written(msgspec.Struct, frozen=True, gc=False):
    type: int
    nsp: str
    data: Any | UnsetType = UNSET
    id: int | UnsetType = UNSET


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Packet).decode
_unpack_any = msgspec.msgpack.Decoder().decode


class _Msgpack:
    def packet(
        self, kind: PacketType, namespace: str, data: Any | UnsetType = UNSET, number: int | None = None
    ) -> Parcel:
        return Parcel(_pack(_Written(kind, namespace, data, UNSET if number is None else number)))

    def event(self, namespace: str, message: bytes) -> Parcel:
        return Parcel(b"\x83\xa4type\x02\xa3nsp" + _pack(namespace) + b"\xa4data" + message)

    def reader(self) -> Reader:
        return self

    def read(self, message: str | bytes) -> Packet | None:
        if isinstance(message, str):
            raise BadPacket("text, after binary packets")
        try:
            packet = _unpack(message)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
            raise BadPacket(str(error)) from None
        if isinstance(packet.data, msgspec.msgpack.Ext):  # how that parser writes ``undefined``
            packet = msgspec.structs.replace(packet, data=None)
        return _checked(packet)


_json = msgspec.json.Encoder().encode
_parse = msgspec.json.Decoder().decode
_HEAD = re.compile(r"([0-6])(?:(\d{1,2})-)?(?:(/[^,]*)(?:,|$))?(\d{1,16})?", re.ASCII)


def _split(value: Any, taken: list[bytes]) -> Any:
    """Return ``value`` with its bytes replaced by placeholders, and put them into ``taken``."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        taken.append(bytes(value))
        return {"_placeholder": True, "num": len(taken) - 1}
    if isinstance(value, dict):
        return {key: _split(one, taken) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_split(one, taken) for one in value]
    return value


def _joined(value: Any, given: list[bytes], depth: int = 0) -> Any:
    """Undo ``_split``. Raises BadPacket for a placeholder of nothing."""
    if depth > 64:
        raise BadPacket("nested too deeply")
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            number = value.get("num")
            if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(given):
                raise BadPacket("a placeholder of nothing")
            return given[number]
        return {key: _joined(one, given, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_joined(one, given, depth + 1) for one in value]
    return value


_WITH_BYTES = {PacketType.EVENT: PacketType.BINARY_EVENT, PacketType.ACK: PacketType.BINARY_ACK}
_PLAIN = {bytes_: plain for plain, bytes_ in _WITH_BYTES.items()}


class _Json:
    def packet(
        self, kind: PacketType, namespace: str, data: Any | UnsetType = UNSET, number: int | None = None
    ) -> Parcel:
        taken: list[bytes] = []
        text = ""
        if data is not UNSET:
            if kind in _WITH_BYTES:
                data = _split(msgspec.to_builtins(data, builtin_types=(bytes, bytearray, memoryview)), taken)
            text = _json(data).decode()
        if taken:
            kind = _WITH_BYTES[kind]
        head = f"{kind:d}" + (f"{len(taken)}-" if taken else "")
        if namespace != "/":
            head += f"{namespace},"
        return Parcel(f"{head}{'' if number is None else number}{text}", *taken)

    def event(self, namespace: str, message: bytes) -> Parcel:
        return self.packet(PacketType.EVENT, namespace, _unpack_any(message))

    def reader(self) -> Reader:
        return _JsonReader()


class _JsonReader:
    __slots__ = ("_given", "_head", "_wanted")

    def __init__(self) -> None:
        self._head: Packet | None = None
        self._wanted = 0
        self._given: list[bytes] = []

    def read(self, message: str | bytes) -> Packet | None:
        if isinstance(message, bytes):
            if self._head is None:
                raise BadPacket("an attachment of nothing")
            self._given.append(message)
            if len(self._given) < self._wanted:
                return None
            head, given = self._head, self._given
            self._head, self._given = None, []
            return _checked(Packet(_PLAIN[head.type], head.nsp, _joined(head.data, given), head.id))
        if self._head is not None:
            raise BadPacket("attachments are missing")
        packet, wanted = self._text(message)
        if packet.type in _PLAIN:
            if not 1 <= wanted <= ATTACHMENTS:
                raise BadPacket("no attachments, or too many")
            self._head, self._wanted = packet, wanted
            return None
        return _checked(packet)

    @staticmethod
    def _text(message: str) -> tuple[Packet, int]:
        match = _HEAD.match(message)
        if match is None:
            raise BadPacket("no packet")
        kind = PacketType(int(match[1]))
        if match[2] is not None and kind not in _PLAIN:
            raise BadPacket("attachments to what carries none")
        rest = message[match.end() :]
        try:
            data = _parse(rest) if rest else None
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadPacket(str(error)) from None
        return Packet(kind, match[3] or "/", data, None if match[4] is None else int(match[4])), int(match[2] or 0)


MSGPACK: Encoding = _Msgpack()
JSON: Encoding = _Json()


def encoding_of(message: str | bytes) -> Encoding:
    """Return the encoding that a connection speaks whose first message this is."""
    return JSON if isinstance(message, str) else MSGPACK
