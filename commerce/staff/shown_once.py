"""What is shown once and can be had never again, across the redirect after a form: passwords made here, recovery codes.

It lies sealed with the installation's key in a cookie of who made it, opens in their session alone, and only for some
minutes: a reload does not lose it, and nothing of it is kept on our side.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import time

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.http import Call

LASTS = 300
"""Seconds in which the page shows it again."""
COOKIE = "lf_staff_once"


class _Kept(msgspec.Struct, frozen=True):
    ends_at: float
    text: str


def keep(call: Call, about: str, text: str) -> None:
    """Have ``once`` return ``text`` under ``about`` for some minutes, in the caller's session."""
    nonce = os.urandom(12)
    plain = msgspec.json.encode(_Kept(time.time() + LASTS, text))
    sealed = nonce + AESGCM(_key(call)).encrypt(nonce, plain, _bound(call, about))
    call.set_cookie(COOKIE, base64.urlsafe_b64encode(sealed).decode(), LASTS)


def once(call: Call, about: str) -> str:
    """Return what was kept under ``about``; empty when it was not, not in this session, or its time is over."""
    try:
        sealed = base64.urlsafe_b64decode(call.request.cookies.get(COOKIE, ""))
        plain = AESGCM(_key(call)).decrypt(sealed[:12], sealed[12:], _bound(call, about))
    except (binascii.Error, ValueError, InvalidTag):
        return ""
    kept = msgspec.json.decode(plain, type=_Kept)
    return kept.text if time.time() < kept.ends_at else ""


def _key(call: Call) -> bytes:
    return hashlib.sha256(b"staff.shown_once:" + call.app.settings.secret).digest()


def _bound(call: Call, about: str) -> bytes:
    return (call.session.digest if call.session is not None else b"") + about.encode()
