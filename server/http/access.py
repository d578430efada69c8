"""Who may call a route. Every route declares it; nothing is open by being forgotten."""

from __future__ import annotations

import msgspec


class Access(msgspec.Struct, frozen=True, tag=True):
    """The base of the declarations below."""


class Anyone(Access, frozen=True):
    """Guests too. The caller is still known when logged in."""


class LoggedIn(Access, frozen=True):
    """Members."""


class StaffWith(Access, frozen=True):
    """Staff who hold ``permission``, within the shops where they hold it."""

    permission: str


ANY_STAFF = StaffWith("")
"""Whoever works here, whatever their roles permit: for what concerns nobody but themselves."""
