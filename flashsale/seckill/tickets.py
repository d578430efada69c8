"""Admission tickets: who may try on which sale, from when until when, proved by a signature instead of a database.

A ticket carries the session it was given to, so that whoever holds that session's token needs no look-up either; the
same member's other sessions may use it too, at the price of one. The challenge lies in the ticket as well: a proof of
work is over the ticket's own digest, a captcha's answer is kept as a keyed digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

import msgspec

from flashsale.seckill.types import Challenge

OPENS_BEFORE_S = 600
"""Tickets are given from ten minutes before the start."""
LIFE_S = 3600
"""Seconds that a ticket lives from the start, or from its issue where that is later."""
AFTER_END_S = 60
"""Seconds that it outlives the sale, so that late senders hear `ended` rather than `ticket_expired`."""
LEEWAY_MS = 2_000
"""Milliseconds by which this process' clock may be off Redis', which alone decides about the window."""
POW_BITS = 16

_LAYOUT = struct.Struct(">BQQ8s16sQQBB8s")
_MAC = 20
_LENGTH = 116  # base64 of 67 + 20 bytes, without padding: no second spelling of a ticket exists
_HAS_ADDRESS = 0x01
_VERSION = 0x10
_CHALLENGES = (Challenge.NONE, Challenge.POW, Challenge.CAPTCHA)
_NO_DIGEST = bytes(8)


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """What a genuine ticket says. Times are milliseconds since 1970."""

    flags: int
    item_id: int
    member_id: int
    nonce: bytes
    session: bytes
    not_before: int
    expires: int
    challenge: int
    bits: int
    answer: bytes

    @property
    def has_address(self) -> bool:
        """Whether the member had a default address when the ticket was given; False: not known to."""
        return bool(self.flags & _HAS_ADDRESS)


class Tickets:
    """Signs and reads tickets with a key derived from the platform's secret."""

    def __init__(self, secret: bytes) -> None:
        key = hmac.digest(secret, b"flash-sale tickets", "sha256").ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
        self._captcha_key = hmac.digest(secret, b"flash-sale captchas", "sha256")
        self._attempt_key = hmac.digest(secret, b"flash-sale attempts", "sha256")

    def issue(
        self,
        *,
        item_id: int,
        member_id: int,
        session: bytes,
        not_before: int,
        expires: int,
        has_address: bool,
        challenge: Challenge = Challenge.NONE,
        captcha: str = "",
    ) -> str:
        """Return a ticket. ``session`` is the digest of the caller's session, ``captcha`` what the picture shows."""
        nonce = secrets.token_bytes(8)
        body = _LAYOUT.pack(
            _VERSION | (_HAS_ADDRESS if has_address else 0),
            item_id,
            member_id,
            nonce,
            session[:16],
            not_before,
            expires,
            _CHALLENGES.index(challenge),
            POW_BITS if challenge is Challenge.POW else 0,
            self._captcha_digest(nonce, captcha) if challenge is Challenge.CAPTCHA else _NO_DIGEST,
        )
        return base64.b64encode(body + self._mac(body)).decode()

    def read(self, text: str) -> Ticket | None:
        """Return what a ticket says, None unless we signed it."""
        if len(text) != _LENGTH:
            return None
        try:
            raw = binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            return None
        body = raw[:-_MAC]
        if not hmac.compare_digest(self._mac(body), raw[-_MAC:]):
            return None
        return Ticket(*_LAYOUT.unpack(body))

    def solved(self, text: str, ticket: Ticket, answer: str | None) -> bool:
        """Tell whether ``answer`` meets the challenge of ``ticket``, which was read from ``text``."""
        kind = _CHALLENGES[ticket.challenge]
        if kind is Challenge.NONE:
            return True
        if not answer:
            return False
        if kind is Challenge.POW:
            return zero_bits(pow_prefix(text) + answer) >= ticket.bits
        return hmac.compare_digest(self._captcha_digest(ticket.nonce, answer), ticket.answer)

    def is_captcha(self, ticket: Ticket) -> bool:
        """Tell whether the challenge is one that can be guessed, so that tries have to be counted."""
        return _CHALLENGES[ticket.challenge] is Challenge.CAPTCHA

    def attempt_id(self, item_id: int, member_id: int, request_id: str, epoch: int) -> str:
        """Return the name under which a queued attempt can be asked for, by its member only."""
        body = struct.pack(">Q", epoch) + request_id.encode()
        return base64.urlsafe_b64encode(body + self._attempt_mac(item_id, member_id, body)).decode().rstrip("=")

    def read_attempt_id(self, text: str, item_id: int, member_id: int) -> tuple[int, str] | None:
        """Return the epoch and the key in an attempt's name, None unless we gave it to this member for this item."""
        if len(text) > 160:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        body, mac = raw[:-9], raw[-9:]
        if len(body) < 9 or not hmac.compare_digest(self._attempt_mac(item_id, member_id, body), mac):
            return None
        return int.from_bytes(body[:8], "big"), body[8:].decode()

    def _mac(self, body: bytes) -> bytes:
        # HMAC-SHA256 with its two keyed states kept; hmac.digest makes them anew each time, which costs thrice as much.
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        return outer.digest()[:_MAC]

    def _captcha_digest(self, nonce: bytes, answer: str) -> bytes:
        return hmac.digest(self._captcha_key, nonce + answer.strip().upper().encode(errors="replace"), "sha256")[:8]

    def _attempt_mac(self, item_id: int, member_id: int, body: bytes) -> bytes:
        return hmac.digest(self._attempt_key, struct.pack(">QQ", item_id, member_id) + body, "sha256")[:9]


def pow_prefix(ticket: str) -> str:
    """Return what the answer to a proof of work is appended to before hashing."""
    return base64.urlsafe_b64encode(hashlib.sha256(ticket.encode()).digest()[:15]).decode() + "."


def zero_bits(text: str) -> int:
    """Return how many zero bits SHA-256 of ``text`` begins with."""
    return 256 - int.from_bytes(hashlib.sha256(text.encode(errors="replace")).digest(), "big").bit_length()
