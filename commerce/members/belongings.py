"""What belongs to a member, feature by feature, so that accounts can be merged, exported and deleted whole.

    app.resource(Belongings).add(Belonging(name="orders", tables=("orders",), move=store.move_member, …))

Every table that names a member is in exactly one feature's ``tables``: a test holds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from server.database import Connection

Move = Callable[[Connection, int, int], Awaitable[None]]
"""``move(connection, keeper_id, other_id)`` gives what is the other's to the keeper. May run again; both are locked."""


class Hindrance(msgspec.Struct, frozen=True):
    """What stands against merging or deleting: ``text`` a zh_CN msgid, ``what`` the name of the thing, at ``href``.

    ``others`` says that it is the account's that is not logged in, whose things do not open here.
    """

    text: str
    what: str = ""
    href: str = ""
    others: bool = False


NAMED = 5
"""How many things of a kind are named: where more stand against it, the next are when these are done."""

Hold = Callable[[Connection, int], Awaitable[list[Hindrance]]]
"""Given a member's id, what stands against it now; empty when nothing does."""

Tell = Callable[[Connection, int], Awaitable[dict[str, list[dict[str, Any]]]]]
"""Given a member's id, all that is kept of them: rows by the name of their file."""

Erase = Callable[[Connection, int], Awaitable[None]]
"""Given a member's id, removes what names the person. May run again."""


Shows = Callable[[Connection, Sequence[str]], Awaitable[set[str]]]
"""Given addresses of uploaded pictures, those that are shown still."""


class Belonging(msgspec.Struct, frozen=True, kw_only=True):
    """One feature's part. What it leaves out has nothing to do there."""

    name: str
    tables: tuple[str, ...]
    move: Move | None = None
    holds_merging: Hold | None = None
    holds_leaving: Hold | None = None
    tell: Tell | None = None
    erase: Erase | None = None
    shows: Shows | None = None


def texts(hindrances: Sequence[Hindrance]) -> list[str]:
    """Return what stands against it, each said once (zh_CN msgids)."""
    return list(dict.fromkeys(each.text for each in hindrances))


class Belongings:
    """Every feature's part, bottom floor first; a resource of the application."""

    def __init__(self) -> None:
        self.all: list[Belonging] = []

    def add(self, belonging: Belonging) -> None:
        """Add a feature's part. Raises ValueError when a table has been named."""
        named = {table for each in self.all for table in each.tables}
        if taken := named & set(belonging.tables):
            raise ValueError(f"{sorted(taken)} belong to two features")
        self.all.append(belonging)

    async def against_merging(self, connection: Connection, member_id: int) -> list[Hindrance]:
        """Return what of an account stands against merging it."""
        holds = [each.holds_merging for each in self.all if each.holds_merging is not None]
        return [hindrance for hold in holds for hindrance in await hold(connection, member_id)]

    async def against_leaving(self, connection: Connection, member_id: int) -> list[Hindrance]:
        """Return what stands against deleting an account."""
        holds = [each.holds_leaving for each in self.all if each.holds_leaving is not None]
        return [hindrance for hold in holds for hindrance in await hold(connection, member_id)]

    async def shown(self, connection: Connection, addresses: Sequence[str], but: str = "") -> set[str]:
        """Return which of these pictures are shown still by anybody; ``but`` names a feature not to ask."""
        return {
            address
            for each in self.all
            if each.shows is not None and each.name != but
            for address in await each.shows(connection, addresses)
        }

    async def move(self, connection: Connection, keeper_id: int, other_id: int) -> None:
        """Give everything of the other to the keeper."""
        for each in self.all:
            if each.move is not None:
                await each.move(connection, keeper_id, other_id)
