"""How the platform sends a text to a person: an interface, its providers, and the list that picks one by channel.

A provider is a third party (an SMS gateway, a mail relay, the sandbox's inbox). It is handed the message in the
transaction that caused it; one that talks over the network enqueues a job there, so that nothing is sent for a
transaction that is rolled back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from server.database import Connection
from server.errors import Problem


class CourierMissing(Problem):
    """Nobody was told how to send this kind of message."""

    code, status, message = "courier_missing", 503, "本站还没有配置短信或邮件服务，请用密码登录"


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message: ``to`` is a phone number or a mail address, ``code`` the one-time code in its text, if any."""

    channel: Channel
    to: str
    text: str
    code: str = ""


class Courier(Protocol):
    """A provider."""

    async def send(self, connection: Connection, message: Message) -> None:
        """Take ``message`` in the caller's transaction."""


class Couriers:
    """The providers of one process, by channel."""

    def __init__(self) -> None:
        self._by_channel: dict[Channel, Courier] = {}

    def register(self, channel: Channel, courier: Courier) -> None:
        """Have ``courier`` carry what goes through ``channel``."""
        self._by_channel[channel] = courier

    def of(self, channel: Channel) -> Courier:
        """Return the provider of ``channel``. Raises CourierMissing."""
        try:
            return self._by_channel[channel]
        except KeyError:
            raise CourierMissing from None
