"""Connection tokens: signed, good for one CONNECT within a minute, handed to guests too.

Making one writes nothing. Using one writes its nonce to PostgreSQL, so that it opens one door in whatever process.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from datetime import datetime

import msgspec

from realtime import store
from realtime.errors import TokenInvalid
from realtime.types import Visitor, VisitorKind
from server.clock import from_ms
from server.database import Database
from server.http.session import Session

LIFETIME = 60
"""Seconds."""
_TAG = 24


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What a token says. ``expires`` is Unix milliseconds."""

    kind: VisitorKind
    id: int
    session: bytes
    session_ends: float
    nonce: bytes
    expires: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Claims).decode


def visitor_of(session: Session | None) -> Visitor:
    """Return who calls: the session's subject, or a guest."""
    if session is None:
        return Visitor(kind=VisitorKind.GUEST)
    return Visitor(
        kind=VisitorKind(session.identity.kind),
        id=session.identity.id,
        session=session.digest,
        session_ends=session.expires_at.timestamp(),
    )


def issue(secret: bytes, visitor: Visitor) -> tuple[str, datetime]:
    """Return a token for ``visitor`` and the moment (UTC) it expires."""
    expires = int(time.time() * 1000) + LIFETIME * 1000
    claims = Claims(visitor.kind, visitor.id, visitor.session, visitor.session_ends, secrets.token_bytes(12), expires)
    body = _encode(claims)
    return base64.urlsafe_b64encode(_tag(secret, body) + body).decode(), from_ms(expires)


def read(secret: bytes, token: object) -> Claims:
    """Return what a genuine, unexpired token says. Raises TokenInvalid."""
    if not isinstance(token, str) or len(token) > 400:
        raise TokenInvalid
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenInvalid from None
    if not hmac.compare_digest(raw[:_TAG], _tag(secret, raw[_TAG:])):
        raise TokenInvalid
    claims = _decode(raw[_TAG:])
    if claims.expires < time.time() * 1000:
        raise TokenInvalid
    return claims


async def use(database: Database, secret: bytes, token: object) -> Visitor:
    """Use up ``token`` and return whom it lets in. Raises TokenInvalid, also when it was used or its session ended."""
    claims = read(secret, token)
    async with database.connection() as connection:
        fresh = await store.use_token(connection, claims.nonce, from_ms(claims.expires), claims.session or None)
    if not fresh:
        raise TokenInvalid
    return Visitor(kind=claims.kind, id=claims.id, session=claims.session, session_ends=claims.session_ends)


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"realtime token:" + body, "sha256")[:_TAG]
