"""Identities over JSON. Logging in with them is a browser's business: it begins at a provider's ``url``."""

from __future__ import annotations

from commerce.identities import store
from commerce.identities.bind import unbind
from commerce.identities.provider import Providers
from commerce.identities.types import (
    IdentitiesView,
    IdentityView,
    LastWayIn,
    Party,
    ProvidersView,
    ProviderView,
)
from server.clock import wire
from server.http import Anyone, Call, LoggedIn, Routes

routes = Routes("identities")


@routes.get("/api/v1/auth/providers", Anyone())
async def list_providers(call: Call) -> ProvidersView:
    """List the sites that one may log in with here."""
    items = [
        ProviderView(provider=each.party, title=call.tr(each.title), url=f"/login/with/{each.party}")
        for each in call.resource(Providers).all()
    ]
    return ProvidersView(items=items)


@routes.get("/api/v1/me/identities", LoggedIn())
async def list_mine(call: Call) -> IdentitiesView:
    """List what is bound to the caller's account."""
    async with call.database.connection() as connection:
        bound = await store.of_member(connection, call.member.id)
    titles = {each.party: call.tr(each.title) for each in call.resource(Providers).all()}
    items = [
        IdentityView(
            provider=each.provider,
            title=titles.get(each.provider, each.provider),
            nickname=each.nickname,
            bound_at=wire(each.created_at),
        )
        for each in bound
    ]
    return IdentitiesView(items=items)


@routes.delete("/api/v1/me/identities/{provider}", LoggedIn(), status=204, errors=(LastWayIn,))
async def remove_mine(call: Call, provider: str) -> None:
    """Unbind an identity from the caller's account."""
    await unbind(call.app, call.member.id, Party(call.resource(Providers).of(provider).party))
