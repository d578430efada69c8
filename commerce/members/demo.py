"""Demo members: a dozen people with passwords for the demo shops, and buyers by the thousand for load tests."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from commerce.credentials import check_password, hash_password
from commerce.members import address_store, demo_store, store
from commerce.members.addresses import add_address
from commerce.members.regions import regions
from commerce.members.types import AddressBody
from server.application import Application
from server.clock import now
from server.database import Connection
from server.http.session import digest_of
from server.settings import Environment

PREFIX = "199"
"""Demo buyers' phones: this and a running number of eight digits."""
CROWD_PREFIX = "100"
"""Those of the crowd that buys by itself. No mobile number begins so: nobody can log in as one of them, and nobody who
registers is taken for one."""

_BEFORE_THEIR_ORDERS = timedelta(days=60)
"""The demo's past is shorter: nobody ordered before they were a member."""
TOKENS_LAST = timedelta(hours=24)
_AT_ONCE = 1000
_DISTRICTS = ("310104", "110108", "440305", "330106", "510107", "420111", "320106", "350203")


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A demo member. The first address becomes the default."""

    phone: str
    nickname: str
    password: str
    avatar: str = ""
    addresses: tuple[AddressBody, ...] = ()


class DemoBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """A demo buyer, logged in."""

    member_id: str
    phone: str
    token: str


async def create_members(connection: Connection, people: Sequence[DemoPerson]) -> list[int]:
    """Make these members, or bring them to this state, and return their ids. Run again it changes nothing."""
    hashes: dict[str, str] = {}
    made = []
    for person in people:
        await store.register(connection, person.phone, None, person.nickname)
        member = await store.member_by_phone(connection, person.phone)
        assert member is not None
        kept = member.password_hash
        if kept is None or not await check_password(kept, person.password):
            kept = hashes.get(person.password) or await hash_password(person.password)
            hashes[person.password] = kept
        await demo_store.set_profile(connection, member.id, person.nickname, person.avatar, kept)
        if not await address_store.count(connection, member.id):
            for address in person.addresses:
                await add_address(connection, member.id, address)
        made.append(member.id)
    await demo_store.joined(connection, made, _BEFORE_THEIR_ORDERS, timedelta(days=300))
    return made


async def demo_buyers(app: Application, count: int) -> list[DemoBuyer]:
    """Make ``count`` members with a default address and a token that lasts a day; about 2,000 a second."""
    places = [(code, regions().of(code).text) for code in _DISTRICTS]
    expires_at = now() + TOKENS_LAST
    made: list[DemoBuyer] = []
    while len(made) < count:
        async with app.database.transaction() as connection:
            buyers = await demo_store.add_buyers(connection, PREFIX, min(_AT_ONCE, count - len(made)))
            tokens = [secrets.token_urlsafe(32) for _ in buyers]
            await demo_store.add_default_addresses(connection, buyers, places)
            await demo_store.add_sessions(connection, buyers, [digest_of(token) for token in tokens], expires_at)
        made += [
            DemoBuyer(member_id=str(buyer.id), phone=buyer.phone, token=token)
            for buyer, token in zip(buyers, tokens, strict=True)
        ]
    return made


async def demo_crowd(connection: Connection, count: int) -> list[int]:
    """Return the ids of ``count`` members with a default address whom nobody logs in as; makes those that are missing.

    The caller's transaction keeps them. The same people every time.
    """
    known = await demo_store.with_prefix(connection, CROWD_PREFIX, count)
    if len(known) < count:
        places = [(code, regions().of(code).text) for code in _DISTRICTS]
        fresh = await demo_store.add_buyers(connection, CROWD_PREFIX, count - len(known))
        await demo_store.joined(connection, [buyer.id for buyer in fresh], timedelta(), timedelta(days=60))
        await demo_store.add_default_addresses(connection, fresh, places)
        known += [buyer.id for buyer in fresh]
    return known


def buyers_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``lingfeng demo buyers``."""
    parser.add_argument("count", type=int, metavar="N", help="how many, from 1 to 1000000")


async def run_buyers(app: Application, arguments: argparse.Namespace) -> int:
    """Run ``lingfeng demo buyers N``."""
    if app.settings.environment is not Environment.DEVELOPMENT:
        sys.stderr.write("lingfeng: demo buyers are made in development only (LINGFENG_ENV is production)\n")
        return 2
    if not 1 <= arguments.count <= 1_000_000:
        sys.stderr.write("lingfeng: N is a number from 1 to 1000000\n")
        return 2
    for buyer in await demo_buyers(app, arguments.count):
        sys.stdout.buffer.write(msgspec.json.encode(buyer) + b"\n")
    sys.stdout.flush()
    return 0
