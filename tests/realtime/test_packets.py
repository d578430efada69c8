"""Packets of Socket.IO in both encodings, as the stock JavaScript client writes and reads them."""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.wire.packets import JSON, MSGPACK, BadPacket, Encoding, Packet, PacketType, Reader, encoding_of
from realtime.wire.parcels import Parcel


def unpacked(parcel: Parcel) -> Any:
    (message,) = parcel.messages
    assert isinstance(message, bytes)
    return msgpack.unpackb(message)


def test_a_field_without_a_value_is_left_out() -> None:
    assert unpacked(MSGPACK.packet(PacketType.DISCONNECT, "/member")) == {"type": 1, "nsp": "/member"}
    assert unpacked(MSGPACK.packet(PacketType.CONNECT, "/member", {"sid": "x"})) == {
        "type": 0, "nsp": "/member", "data": {"sid": "x"},
    }  # fmt: skip
    assert unpacked(MSGPACK.packet(PacketType.ACK, "/member", [{"ok": True}], 0))["id"] == 0
    assert JSON.packet(PacketType.DISCONNECT, "/member").messages == ("1/member,",)
    assert JSON.packet(PacketType.DISCONNECT, "/").messages == ("1",)


def test_a_message_of_the_bus_is_not_encoded_again() -> None:
    message = msgspec.msgpack.encode(("flash_sale", {"item_id": "5", "level": None}))
    assert unpacked(MSGPACK.event("/member", message)) == {
        "type": 2, "nsp": "/member", "data": ["flash_sale", {"item_id": "5", "level": None}],
    }  # fmt: skip
    assert JSON.event("/member", message).messages == ('2/member,["flash_sale",{"item_id":"5","level":null}]',)


def test_bytes_travel_beside_the_text() -> None:
    parcel = JSON.packet(PacketType.EVENT, "/custom", ["x", b"\x01", {"y": [b"\x02", 3]}], 7)
    text = '52-/custom,7["x",{"_placeholder":true,"num":0},{"y":[{"_placeholder":true,"num":1},3]}]'
    assert parcel.messages == (text, b"\x01", b"\x02")
    assert parcel.polled() == "4" + text + "\x1ebAQ==\x1ebAg=="
    reader = JSON.reader()
    assert reader.read(text) is None
    assert reader.read(b"\x01") is None
    assert reader.read(b"\x02") == Packet(PacketType.EVENT, "/custom", ["x", b"\x01", {"y": [b"\x02", 3]}], 7)
    assert reader.read('2["after"]') == Packet(PacketType.EVENT, "/", ["after"])


def test_what_the_stock_client_sends_is_read() -> None:
    sent = {"type": 2, "data": ["watch", {"item_id": "5"}], "options": {"compress": True}, "id": 0, "nsp": "/member"}
    read = MSGPACK.reader().read
    assert read(msgpack.packb(sent)) == Packet(PacketType.EVENT, "/member", ["watch", {"item_id": "5"}], 0)
    undefined = {"type": 0, "data": msgpack.ExtType(0, b"\x00"), "nsp": "/member"}
    assert read(msgpack.packb(undefined)) == Packet(PacketType.CONNECT, "/member")
    read = JSON.reader().read
    assert read('2/member,0["watch",{"item_id":"5"}]') == Packet(
        PacketType.EVENT, "/member", ["watch", {"item_id": "5"}], 0
    )
    assert read("0/member,") == read("0/member") == Packet(PacketType.CONNECT, "/member")
    assert read('0{"token":"1"}') == Packet(PacketType.CONNECT, "/", {"token": "1"})


MALFORMED: list[list[str | bytes]] = [
    [""], ["x"], ["7"], ["2"], ["2[]"], ["2{}"], ["2[5]"], ['2abc["x"]'], ["3[1]"], ["3-1[]"], ["31{}"],
    ["1{}"], ['0"x"'], ["4{}"], ['51["x"]'], ["5-"], ['50-["x"]'], ['517-["x"]'], [b"\x01"],
    ['51-["x",{"_placeholder":true,"num":0}]', '2["y"]'],
    ['51-["x",{"_placeholder":true,"num":1}]', b"\x01"],
    ['51-["x",{"_placeholder":true,"num":true}]', b"\x01"],
    ['51-["x",{"_placeholder":true,"num":-1}]', b"\x01"],
    ['52-["x"]', b"\x01", "3"],
    ['51-[' + "[" * 200 + "]" * 200 + "]", b""],
    ["0/" + "x" * 200 + ","],
    ['2/member,99999999999999999["x"]'],
]  # fmt: skip


@pytest.mark.parametrize("messages", MALFORMED)
def test_malformed_text_is_called_so(messages: list[str | bytes]) -> None:
    reader = JSON.reader()
    *before, last = messages
    for message in before:
        assert reader.read(message) is None
    with pytest.raises(BadPacket):
        reader.read(last)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=20)))
@settings(max_examples=300, deadline=None)
def test_rubbish_ends_in_no_other_way(raw: str | bytes) -> None:
    for encoding in (MSGPACK, JSON):
        try:
            packet = encoding.reader().read(raw)
        except BadPacket:
            continue
        assert packet is None or packet.type in PacketType


values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10) | st.binary(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([MSGPACK, JSON]), st.sampled_from(["/", "/member"]), st.none() | st.integers(0, 2**40))
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_back(value: Any, encoding: Encoding, namespace: str, number: int | None) -> None:
    parcel = encoding.packet(PacketType.EVENT, namespace, ["name", value], number)
    assert encoding_of(parcel.messages[0]) is encoding
    if len(parcel.messages) > 17:
        return  # more attachments than a client may send
    reader: Reader = encoding.reader()
    *before, last = parcel.messages
    for message in before:
        assert reader.read(message) is None
    assert reader.read(last) == Packet(PacketType.EVENT, namespace, ["name", value], number)
