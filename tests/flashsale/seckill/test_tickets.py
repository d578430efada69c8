"""Tickets by themselves."""

from __future__ import annotations

import base64
import hmac
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flashsale.seckill import captcha
from flashsale.seckill.tickets import Tickets
from flashsale.seckill.types import Challenge

SECRET = b"only for tests" * 3
IDS = st.integers(1, 2**63 - 1)


@given(
    item_id=IDS,
    member_id=IDS,
    session=st.binary(min_size=32, max_size=32),
    not_before=st.integers(0, 2**45),
    expires=st.integers(0, 2**45),
    has_address=st.booleans(),
    challenge=st.sampled_from([Challenge.NONE, Challenge.POW]),
)
def test_a_ticket_says_what_was_put_into_it(**fields: Any) -> None:
    ticket = Tickets(SECRET).read(Tickets(SECRET).issue(**fields))
    assert ticket is not None
    assert (ticket.item_id, ticket.member_id, ticket.session) == (
        fields["item_id"],
        fields["member_id"],
        fields["session"][:16],
    )
    assert (ticket.not_before, ticket.expires) == (fields["not_before"], fields["expires"])
    assert ticket.has_address is fields["has_address"]
    assert bool(ticket.bits) == (fields["challenge"] is Challenge.POW)


@given(at=st.integers(0, 86), bit=st.integers(0, 7))
def test_no_bit_may_be_changed(at: int, bit: int) -> None:
    tickets = Tickets(SECRET)
    text = tickets.issue(
        item_id=1, member_id=2, session=bytes(32), not_before=0, expires=9, has_address=True, challenge=Challenge.POW
    )
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1 << bit
    assert tickets.read(base64.b64encode(raw).decode()) is None
    assert tickets.read(text) is not None


@given(text=st.text(max_size=200))
def test_no_text_is_a_ticket(text: str) -> None:
    assert Tickets(SECRET).read(text) is None
    assert Tickets(SECRET).read_attempt_id(text, 1, 2) is None


def test_the_signature_is_hmac_sha256() -> None:
    raw = base64.b64decode(
        Tickets(SECRET).issue(item_id=1, member_id=2, session=b"", not_before=0, expires=9, has_address=False)
    )
    key = hmac.digest(SECRET, b"flash-sale tickets", "sha256")
    assert raw[67:] == hmac.digest(key, raw[:67], "sha256")[:20]


def test_attempt_ids_belong_to_item_and_member() -> None:
    tickets = Tickets(SECRET)
    text = tickets.attempt_id(1, 2, "k~!", 1 << 50)
    assert tickets.read_attempt_id(text, 1, 2) == (1 << 50, "k~!")
    assert tickets.read_attempt_id(text, 1, 3) is None
    assert tickets.read_attempt_id(text, 2, 2) is None


def test_captchas_are_drawn_and_read_without_regard_to_case() -> None:
    assert captcha.draw("HKMPR").startswith(b"\x89PNG")
    assert captcha.draw("HKMPR") != captcha.draw("HKMPR")
    tickets = Tickets(SECRET)
    text = tickets.issue(
        item_id=1,
        member_id=2,
        session=b"",
        not_before=0,
        expires=9,
        has_address=True,
        challenge=Challenge.CAPTCHA,
        captcha="HKMPR",
    )
    ticket = tickets.read(text)
    assert ticket is not None
    assert tickets.solved(text, ticket, " hkmpr")
    assert not tickets.solved(text, ticket, "HKMPP")
    assert not tickets.solved(text, ticket, None)
