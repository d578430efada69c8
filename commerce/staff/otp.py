"""The second factor: time-based one-time passwords (RFC 6238), their secrets sealed with the installation's key."""

from __future__ import annotations

import hashlib
import hmac
import os

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.clock import now

STEP = 30
"""Seconds that one password lasts; the one before and the one after are taken too, for clocks that are off."""


class SealBroken(RuntimeError):
    """A secret was sealed with another key than the present one."""


def new_secret() -> str:
    """Return a new secret in base 32, as authenticator apps take it."""
    return pyotp.random_base32()


def seal(key: bytes, secret: str) -> bytes:
    """Return ``secret`` encrypted with the installation's key."""
    nonce = os.urandom(12)
    return nonce + AESGCM(_key(key)).encrypt(nonce, secret.encode(), b"staff.otp")


def unseal(key: bytes, sealed: bytes) -> str:
    """Return the secret. Raises SealBroken."""
    try:
        return AESGCM(_key(key)).decrypt(sealed[:12], sealed[12:], b"staff.otp").decode()
    except InvalidTag:
        raise SealBroken("the second factors were sealed with another LINGFENG_SECRET") from None


def step_of(secret: str, given: str) -> int | None:
    """Return the time step whose password ``given`` is, None when it is none of the three that count now."""
    made = pyotp.TOTP(secret)
    present = int(now().timestamp()) // STEP
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(made.generate_otp(step).encode(), given.encode(errors="replace")):
            found = step
    return found


def _key(key: bytes) -> bytes:
    return hashlib.sha256(b"staff.otp:" + key).digest()
