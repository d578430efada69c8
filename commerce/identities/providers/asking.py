"""How providers are asked: one session, short timeouts, JSON whatever its type is called; and what all of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
import structlog

from commerce.identities.providers.accounts import Account
from commerce.identities.types import Party, ProviderDown

log = structlog.get_logger("identities")
TIMEOUT = 6.0
"""Seconds that one question may take."""
_MOST = 65_536


class Asking:
    """The connections to one provider."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, address: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object that an address answers with. Raises ProviderDown."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT, connect=3))
        try:
            async with self._session.get(address, params=values, allow_redirects=False) as response:
                raw = await response.content.read(_MOST)
                status = response.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self.down(address, f"{type(error).__name__} {error}") from None
        if status != 200:
            raise self.down(address, f"HTTP {status}")
        try:
            return msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise self.down(address, str(error)) from None

    def down(self, address: str, why: str) -> ProviderDown:
        """Return the refusal for a provider that cannot be used now; the cause goes to the log."""
        log.warning("log-in provider failed", provider=self._title, address=address, error=why)
        return ProviderDown(title=self._title)


class Site:
    """A provider's part that no protocol changes: the application there and the connections to it."""

    party: Party
    title: str

    def __init__(self, account: Account) -> None:
        self._account = account
        self._asking = Asking(self.title)

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._asking.aclose()


def text(values: Mapping[str, Any], name: str) -> str:
    """Return a text of an answer, empty when it is none or longer than any of its kind."""
    found = values.get(name)
    return found if isinstance(found, str) and len(found) <= 512 else ""
