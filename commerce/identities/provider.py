"""What every log-in provider can do for the platform, whatever its protocol. They live in providers/."""

from __future__ import annotations

from typing import Protocol

from commerce.identities.types import Party, Profile, ProviderMissing


class Provider(Protocol):
    """One site that vouches for people by OAuth 2."""

    @property
    def party(self) -> Party:
        """Return the provider's name on the wire."""

    @property
    def title(self) -> str:
        """Return what people call it, in zh_CN."""

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Return where a browser is sent so that its person agrees. Asks nobody."""

    async def profile(self, code: str, redirect_uri: str) -> Profile:
        """Return who the person of a code is; a code is good once. Raises ProviderDown, LogInRefused.

        Waits for the provider: never call it inside a transaction.
        """

    async def aclose(self) -> None:
        """Let the connections go."""


class Providers:
    """The log-in providers that this installation uses; a resource of the application."""

    def __init__(self) -> None:
        self._providers: dict[str, Provider] = {}

    def register(self, provider: Provider) -> None:
        """Add a provider. Raises ValueError when it is there."""
        if provider.party in self._providers:
            raise ValueError(f"{provider.party} is registered twice")
        self._providers[provider.party] = provider

    def of(self, party: str) -> Provider:
        """Return a provider by its name. Raises ProviderMissing."""
        try:
            return self._providers[party]
        except KeyError:
            raise ProviderMissing from None

    def all(self) -> list[Provider]:
        """Return every provider, in the order they were registered."""
        return list(self._providers.values())
