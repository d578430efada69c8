"""Binding an identity to the account that one is logged in with, and unbinding it."""

from __future__ import annotations

from commerce.identities import log_in, store
from commerce.identities.provider import Providers
from commerce.identities.types import IdentityTaken, LastWayIn, Party, Profile
from commerce.members import store as members
from commerce.members.merging import withdraw
from commerce.members.security_rows import SecurityRow
from server.application import Application
from server.database import Connection
from server.errors import NotFound


async def bind(app: Application, member_id: int, profile: Profile, title: str) -> None:
    """Bind an identity. Locks the member.

    Raises OtherBound when the account has another one of this provider, IdentityTaken when it is another account's:
    an identity logs in, but to take an account whole its phone or mail address is asked for.
    """
    async with app.database.transaction() as connection:
        await members.lock(connection, [member_id])
        held = await store.find(connection, profile)
        if held is not None and held.member_id != member_id:
            raise IdentityTaken(title=title)
        await log_in.bind(connection, member_id, profile, title)


async def unbind(app: Application, member_id: int, party: Party) -> None:
    """Unbind an identity. Raises NotFound, LastWayIn when nobody could log in without it."""
    async with app.database.transaction() as connection:
        [member] = await members.lock(connection, [member_id])
        others = [each for each in await store.of_member(connection, member_id) if each.provider is not party]
        if member.phone is None and member.email is None and not others:
            raise LastWayIn
        if not await store.remove(connection, member_id, party):
            raise NotFound
        await withdraw(connection, member_id)
        await members.note(connection, member_id, "identity_unbound", f"member:{member_id}", party)


async def rows(app: Application, connection: Connection, member_id: int) -> list[SecurityRow]:
    """Return what the security page says of identities."""
    bound = {each.provider: each for each in await store.of_member(connection, member_id)}
    found = []
    for provider in app.resource(Providers).all():
        held = bound.get(provider.party)
        found.append(
            SecurityRow(
                title=provider.title,
                icon="chat" if provider.party is Party.WECHAT else "user",
                state=held.nickname if held is not None else "",
                on=held is not None,
                href=f"/me/identities/{provider.party}/{'unbind' if held is not None else 'bind'}",
                label="解绑" if held is not None else "绑定",
                posts=held is not None,
                asks="解绑以后，就不能再用它登录这个账号。" if held is not None else "",
            )
        )
    return found
