"""Alipay's RSA2: SHA256withRSA over sorted ``k=v`` pairs, base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


def request_content(values: Mapping[str, str]) -> bytes:
    """Return what a request signs: every field but ``sign`` and the empty ones (``sign_type`` stays), sorted."""
    return _join(values, ("sign",))


def notification_content(values: Mapping[str, str]) -> bytes:
    """Return what a notification signs: as a request, and ``sign_type`` is left out too."""
    return _join(values, ("sign", "sign_type"))


def _join(values: Mapping[str, str], left_out: tuple[str, ...]) -> bytes:
    kept = sorted((name, value) for name, value in values.items() if value and name not in left_out)
    return "&".join(f"{name}={value}" for name, value in kept).encode()


def sign(content: bytes, key: RSAPrivateKey) -> str:
    """Return the signature of ``content``."""
    return base64.b64encode(key.sign(content, PKCS1v15(), hashes.SHA256())).decode()


def verifies(content: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Tell whether ``signature`` is that of ``content``."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, content, PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=8)
def private_key(pem: bytes) -> RSAPrivateKey:
    """Return the private key of a PEM text. Raises ValueError for another kind of key."""
    key = load_pem_private_key(pem, None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("RSA2 needs an RSA private key")
    return key


@lru_cache(maxsize=8)
def public_key(pem: bytes) -> RSAPublicKey:
    """Return the public key of a PEM text. Raises ValueError for another kind of key."""
    key = load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("RSA2 needs an RSA public key")
    return key
