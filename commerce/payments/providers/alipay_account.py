"""The platform's account at Alipay: who it is there, and with which keys.

A real account is described by ``payments/alipay.json`` in the data folder:

    {"gateway": "https://openapi.alipay.com/gateway.do", "app_id": "…", "seller_id": "2088…",
     "private_key": "merchant.pem", "alipay_public_key": "alipay.pem"}

with the keys as PEM files beside it. Without it, and with the sandboxes on, the account is the sandbox's: the
platform makes its own key pair and knows of the gateway's only the public half.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from commerce.payments.providers.rsa2 import private_key, public_key
from commerce.payments.types import GatewayDown
from server.settings import Settings, SettingsError

SANDBOX_APP = "2021000199990001"
SANDBOX_SELLER = "2088000199990001"


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``payments/alipay.json``."""

    gateway: str
    app_id: str
    seller_id: str
    private_key: str
    alipay_public_key: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who the platform is at the gateway. ``made_here`` says that its key pair is for the platform to make."""

    gateway: str
    app_id: str
    seller_id: str
    private_key: Path
    alipay_public_key: Path
    made_here: bool = False

    def private(self) -> RSAPrivateKey:
        """Return the platform's private key."""
        if self.made_here and not self.private_key.exists():
            _make_keys(self.private_key)
        return private_key(self.private_key.read_bytes())

    def alipay_public(self) -> RSAPublicKey:
        """Return the gateway's public key. Raises GatewayDown while there is none."""
        try:
            return public_key(self.alipay_public_key.read_bytes())
        except FileNotFoundError:
            raise GatewayDown(f"{self.alipay_public_key} is missing") from None


def account(settings: Settings) -> Account | None:
    """Return the account that this installation has, None for no account. Raises SettingsError for a broken file."""
    path = settings.home / "payments" / "alipay.json"
    if path.exists():
        try:
            told = msgspec.json.decode(path.read_bytes(), type=Described)
        except msgspec.DecodeError as error:
            raise SettingsError(f"{path}: {error}") from None
        return Account(
            gateway=told.gateway,
            app_id=told.app_id,
            seller_id=told.seller_id,
            private_key=path.parent / told.private_key,
            alipay_public_key=path.parent / told.alipay_public_key,
        )
    if not settings.sandboxes:
        return None
    folder = settings.home / "sandbox" / "alipay"
    return Account(
        gateway=f"{settings.base_url}/sandbox/alipay/gateway.do",
        app_id=SANDBOX_APP,
        seller_id=SANDBOX_SELLER,
        private_key=folder / "merchant_private.pem",
        alipay_public_key=folder / "gateway_public.pem",
        made_here=True,
    )


def _make_keys(private: Path) -> None:
    """Make the platform's key pair and hand the public half to the gateway, as a merchant uploads it there."""
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = rsa.generate_private_key(65537, 2048)
    _keep(private, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    kept = private_key(private.read_bytes()).public_key()
    _keep(private.with_name("merchant_public.pem"), kept.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; of several processes that do so at once, the first one's stays."""
    made = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    made.touch(mode=0o600)
    made.write_bytes(content)
    with contextlib.suppress(FileExistsError):
        os.link(made, path)
    made.unlink()
