"""What stands on a member's security page beyond what every account has. Features join in setup(app)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from server.database import Connection

if TYPE_CHECKING:
    from server.application import Application


class SecurityRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line: ``title`` a zh_CN msgid, ``state`` what it is now (said as it is), ``on`` whether it is set.

    ``href`` leads to where it is changed, or is posted to when ``posts``; ``label`` is the button's msgid, ``asks`` the
    msgid of a question that is asked before a post.
    """

    title: str
    icon: str
    href: str
    label: str
    state: str = ""
    on: bool = False
    posts: bool = False
    asks: str = ""


Rows = Callable[["Application", Connection, int], Awaitable[list[SecurityRow]]]
"""Given a member's id, the rows of a feature."""


class SecurityRows:
    """The rows of every feature; a resource of the application."""

    def __init__(self) -> None:
        self._features: list[Rows] = []

    def add(self, rows: Rows) -> None:
        """Have the rows of a feature on the page."""
        self._features.append(rows)

    async def of(self, app: Application, connection: Connection, member_id: int) -> list[SecurityRow]:
        """Return the rows of a member."""
        return [row for rows in self._features for row in await rows(app, connection, member_id)]
