"""The way to a provider and back: a state that belongs to one browser, counts once and ends after ten minutes."""

from __future__ import annotations

import secrets

from commerce.identities import store
from commerce.identities.provider import Provider
from commerce.identities.types import LogInRefused, Profile, Sent
from server.application import Application
from server.http.session import digest_of

LASTS = 600
"""Seconds that a person may take at the provider."""


def redirect_uri(app: Application, provider: Provider) -> str:
    """Return where the provider sends browsers back to; its host must be registered there."""
    return f"{app.settings.base_url}/login/with/{provider.party}/back"


async def send(app: Application, provider: Provider, browser: str, member_id: int | None, way: str) -> str:
    """Return the address that ``browser`` (a secret in its cookie) is sent to.

    ``member_id`` is who binds, None for somebody who logs in; ``way`` the path of ours where it goes afterwards.
    """
    state = secrets.token_urlsafe(24)
    async with app.database.connection() as connection:
        await store.keep_state(connection, digest_of(state), provider.party, digest_of(browser), member_id, way, LASTS)
    return provider.authorize_url(state, redirect_uri(app, provider))


async def receive(app: Application, provider: Provider, browser: str, state: str, code: str) -> tuple[Sent, Profile]:
    """Return what the browser was sent for, and whom the provider vouches for. Raises LogInRefused, ProviderDown.

    The state is used up first: a second try with it finds nothing, whatever comes of the first.
    """
    if not browser or not state:
        raise LogInRefused
    async with app.database.connection() as connection:
        sent = await store.take_state(connection, digest_of(state), provider.party, digest_of(browser))
    if sent is None or not code:
        raise LogInRefused
    return sent, await provider.profile(code, redirect_uri(app, provider))


async def tidy(app: Application) -> None:
    """Remove what nobody came back for."""
    async with app.database.transaction() as connection:
        await store.tidy(connection)
