"""Socket.IO v5 packets in msgpack, as the stock JavaScript client's msgpack parser reads and writes them.

A field that has no value is left out: that client refuses ``nil`` for the data of CONNECT and DISCONNECT.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class PacketType(IntEnum):
    """The five packets of the protocol; binary ones do not exist in msgpack."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4


class BadPacket(ValueError):
    """A client sent what is no packet of the protocol."""


class Packet(msgspec.Struct, frozen=True):
    """A packet as it comes. Its data is checked by whoever reads it."""

    type: PacketType
    nsp: str = "/"
    data: Any = None
    id: int | None = None


class _Outgoing(msgspec.Struct, frozen=True):
    type: int
    nsp: str
    data: Any | UnsetType = UNSET
    id: int | UnsetType = UNSET


_decoder = msgspec.msgpack.Decoder(Packet)
_encode = msgspec.msgpack.Encoder().encode


def decode(raw: object) -> Packet:
    """Return the packet in one WebSocket message. Raises BadPacket."""
    if not isinstance(raw, (bytes, bytearray)):
        raise BadPacket("text: the msgpack parser sends binary messages")
    try:
        packet = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise BadPacket(str(error)) from None
    if packet.type is PacketType.EVENT and not (
        isinstance(packet.data, list) and packet.data and isinstance(packet.data[0], str)
    ):
        raise BadPacket("an event without a name")
    return packet


def event(namespace: str, name: str, payload: Any) -> bytes:
    """Return an event with one argument."""
    return _encode(_Outgoing(PacketType.EVENT, namespace, [name, payload]))


def ack(namespace: str, number: int, answer: Any) -> bytes:
    """Return the acknowledgement of the event ``number``."""
    return _encode(_Outgoing(PacketType.ACK, namespace, [answer], number))


def connected(namespace: str, sid: str) -> bytes:
    """Return the answer to a CONNECT that was let in."""
    return _encode(_Outgoing(PacketType.CONNECT, namespace, {"sid": sid}))


def refused(namespace: str, message: str, data: dict[str, Any]) -> bytes:
    """Return the answer to a CONNECT that was not."""
    return _encode(_Outgoing(PacketType.CONNECT_ERROR, namespace, {"message": message, "data": data}))


def disconnect(namespace: str) -> bytes:
    """Return the packet that ends a namespace; the stock client does not come back by itself after it."""
    return _encode(_Outgoing(PacketType.DISCONNECT, namespace))
