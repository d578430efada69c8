"""The gateway's own key pair, and the public key that the merchant uploaded; PEM files under the data folder."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

APP_ID = "2021000199990001"
SELLER_ID = "2088000199990001"


class Keys:
    """What signs the gateway's words and verifies the merchant's."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "sandbox" / "alipay"
        self._own: rsa.RSAPrivateKey | None = None
        self._merchant: rsa.RSAPublicKey | None = None

    def sign(self, content: bytes) -> str:
        """Return the gateway's RSA2 signature of ``content``."""
        return base64.b64encode(self._private().sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()

    def merchant_signed(self, content: bytes, signature: str) -> bool:
        """Tell whether the merchant signed ``content``."""
        if self._merchant is None:
            try:
                pem = (self._folder / "merchant_public.pem").read_bytes()
            except FileNotFoundError:
                return False
            read = serialization.load_pem_public_key(pem)
            assert isinstance(read, rsa.RSAPublicKey)
            self._merchant = read
        try:
            self._merchant.verify(
                base64.b64decode(signature, validate=True), content, padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def publish(self) -> None:
        """Make the key pair if there is none, so that the merchant finds the public half."""
        self._private()

    def _private(self) -> rsa.RSAPrivateKey:
        if self._own is None:
            path = self._folder / "gateway_private.pem"
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
                _write_once(
                    path,
                    made.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    ),
                )
            read = serialization.load_pem_private_key(path.read_bytes(), password=None)
            assert isinstance(read, rsa.RSAPrivateKey)
            self._own = read
            public = self._folder / "gateway_public.pem"
            if not public.exists():
                _write_once(
                    public,
                    read.public_key().public_bytes(
                        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                    ),
                )
        return self._own


def signed_text(values: Mapping[str, str], *, without: tuple[str, ...]) -> bytes:
    """Return the text that Alipay signs: fields that are not empty, sorted by name, as a query without escapes."""
    names = sorted(name for name in values if name not in without and values[name] != "")
    return "&".join(f"{name}={values[name]}" for name in names).encode()


def _write_once(path: Path, content: bytes) -> None:
    draft = path.parent / f".{secrets.token_hex(6)}"
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
