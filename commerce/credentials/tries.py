"""Guessing is bounded per account: twenty tries in a quarter of an hour, shared by all processes, kept over restarts.

Each try is counted before the password is looked at, so that a hundred guesses at once do not slip through.
"""

from __future__ import annotations

from commerce.credentials import store
from server.application import Application
from server.errors import RateLimited
from server.http import Kind

MOST, WINDOW = 20, 900
"""Tries, and the seconds in which they count."""


class TooManyTries(RateLimited):
    """The account's password, or its second factor, was guessed wrong too often."""

    message = "尝试次数太多，请 {seconds} 秒后再试"


async def count_try(app: Application, realm: Kind, account: str) -> None:
    """Count one try, in a transaction of its own. Raises TooManyTries with the seconds to wait."""
    async with app.database.connection() as connection:
        wait = await store.count(connection, realm, account, MOST, WINDOW)
    if wait:
        raise TooManyTries(wait)


clear_tries = store.clear


async def tidy(app: Application) -> None:
    """Remove rows that no longer count."""
    async with app.database.connection() as connection:
        await store.tidy(connection, WINDOW)
