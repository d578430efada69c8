"""Sessions: opaque tokens, only their digest stored; a cookie for browsers, a bearer for clients.

A member's session is looked up once and remembered by each process for ``REMEMBER`` seconds. Log-outs and bans are
heard sooner: each process reads the freshly revoked digests from PostgreSQL every second (server/http/revocation.py).
Those of staff, few and mighty, are looked up at every request: what they may do is what their roles say by then.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from server.clock import now
from server.database import Connection, Database, many

REMEMBER = 10.0
_ROOM = 50_000
COOKIES = {"member": "lf_member", "staff": "lf_staff"}
SEEN_EVERY = timedelta(minutes=10)
"""How exactly a session's last use is known: it is written down no more often."""
LIFETIME = {"member": timedelta(days=30), "staff": timedelta(hours=12)}


class Kind(StrEnum):
    """Whose session it is. A token of one kind never opens a route of the other."""

    MEMBER = "member"
    STAFF = "staff"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is logged in. ``shops`` limits staff to those shops; None means the whole platform.

    ``grants`` says what staff hold where: by shop, under None for the whole platform. ``permissions`` is all of it.
    """

    kind: Kind
    id: int
    name: str
    permissions: frozenset[str] = frozenset()
    shops: tuple[int, ...] | None = None
    avatar: str = ""
    grants: Mapping[int | None, frozenset[str]] = {}

    @property
    def owner(self) -> str:
        """Return what this one's belongings are noted under: ``member:7``, ``staff:3``."""
        return f"{self.kind}:{self.id}"

    def may(self, permission: str, shop_id: int | None = None) -> bool:
        """Tell whether staff hold ``permission``, in ``shop_id`` or, for None, anywhere; ``*`` holds all."""
        if self.kind is not Kind.STAFF:
            return False
        if shop_id is None or not self.grants:
            return not permission or _holds(self.permissions, permission)
        return any(_holds(self.grants.get(where, frozenset()), permission) for where in (None, shop_id))

    def within(self, permission: str) -> Identity:
        """Return staff limited to the shops where they hold ``permission``."""
        if not permission or not self.grants or self.kind is not Kind.STAFF:
            return self
        held = [shop for shop, grant in self.grants.items() if _holds(grant, permission)]
        shops = None if None in held else tuple(sorted(shop for shop in held if shop is not None))
        return msgspec.structs.replace(self, shops=shops)


def _holds(grant: frozenset[str], permission: str) -> bool:
    return "*" in grant or permission in grant


class Session(msgspec.Struct, frozen=True):
    """A live session: who, since when, until when (UTC)."""

    digest: bytes
    identity: Identity
    expires_at: datetime


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A live session as its owner sees it in a list. ``agent`` is what the client's program says it is."""

    digest: bytes
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str

    @property
    def id(self) -> str:
        """Return what names the session to its owner; it opens nothing."""
        return self.digest.hex()[:32]


class Issued(msgspec.Struct, frozen=True):
    """A new token, shown once, and the moment (UTC) it ends."""

    token: str
    expires_at: datetime


Directory = Callable[[Connection, int], Awaitable[Identity | None]]
"""Says who a subject is now; None when banned or gone. Registered by the feature that owns the people."""


class Expired(Exception):
    """The token was good once."""


class Sessions:
    """The sessions as one process sees them."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret
        self._seen: OrderedDict[bytes, tuple[float, Session]] = OrderedDict()
        self._revoked: OrderedDict[bytes, None] = OrderedDict()
        self.directories: dict[Kind, Directory] = {}

    async def issue(self, connection: Connection, kind: Kind, subject: int, address: str, agent: str) -> Issued:
        """Open a session of ``subject`` in the caller's transaction."""
        token = secrets.token_urlsafe(32)
        expires_at = now() + LIFETIME[kind]
        await connection.execute(
            """
            INSERT INTO sessions (digest, kind, subject_id, expires_at, address, agent)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            digest_of(token),
            kind,
            subject,
            expires_at,
            address[:64],
            agent[:300],
        )
        return Issued(token, expires_at)

    async def find(self, token: str) -> Session | None:
        """Return the session of ``token``, None if there never was one. Raises Expired for one that ended."""
        digest = digest_of(token)
        if digest in self._revoked:
            raise Expired
        held = self._seen.get(digest)
        if held is not None and held[0] > time.monotonic():
            if held[1].expires_at <= now():
                raise Expired
            return held[1]
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT kind, subject_id, expires_at, revoked_at, seen_at FROM sessions WHERE digest = $1", digest
            )
            if row is None:
                return None
            if row["revoked_at"] is not None or row["expires_at"] <= now():
                raise Expired
            directory = self.directories.get(Kind(row["kind"]))
            identity = await directory(connection, row["subject_id"]) if directory else None
            if identity is not None and row["seen_at"] < now() - SEEN_EVERY:
                await connection.execute("UPDATE sessions SET seen_at = now() WHERE digest = $1", digest)
        if identity is None:
            raise Expired
        session = Session(digest, identity, row["expires_at"])
        if identity.kind is Kind.STAFF:
            return session
        self._seen[digest] = (time.monotonic() + REMEMBER, session)
        self._seen.move_to_end(digest)
        if len(self._seen) > _ROOM:
            self._seen.popitem(last=False)
        return session

    async def owners(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> list[str]:
        """Return all whom a request shows to be logged in, as ``Call.owner`` has them: one by a bearer, else by cookies
        perhaps a member and staff. For what is no route and so of neither realm."""
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        tokens = (
            [bearer.strip()] if scheme.lower() == "bearer" else [cookies.get(name, "") for name in COOKIES.values()]
        )
        found = []
        for token in filter(None, tokens):
            with contextlib.suppress(Expired):
                if session := await self.find(token):
                    found.append(session.identity.owner)
        return found

    def remembered(self, token: str) -> Session | None:
        """Return the session of ``token`` if this process knows it without asking the database."""
        held = self._seen.get(digest_of(token))
        if held is None or held[0] <= time.monotonic() or held[1].digest in self._revoked:
            return None
        return held[1]

    async def revoke(self, connection: Connection, digest: bytes) -> None:
        """End one session in the caller's transaction."""
        await connection.execute(
            "UPDATE sessions SET revoked_at = now() WHERE digest = $1 AND revoked_at IS NULL", digest
        )

    async def held_by(self, connection: Connection, kind: Kind, subject: int) -> list[Held]:
        """Return the live sessions of ``subject``, the one last used first; at most a hundred."""
        rows = await connection.fetch(
            """
            SELECT digest, created_at, seen_at, expires_at, address, agent FROM sessions
            WHERE kind = $1 AND subject_id = $2 AND revoked_at IS NULL AND expires_at > now()
            ORDER BY seen_at DESC, created_at DESC LIMIT 100
            """,
            kind,
            subject,
        )
        return many(Held, rows)

    async def agents_of(self, connection: Connection, kind: Kind, subject: int) -> list[str]:
        """Return what programs ``subject`` has logged in with lately, ended sessions included."""
        rows = await connection.fetch(
            """
            SELECT agent FROM sessions WHERE kind = $1 AND subject_id = $2
            GROUP BY agent ORDER BY max(created_at) DESC LIMIT 100
            """,
            kind,
            subject,
        )
        return [row["agent"] for row in rows]

    async def revoke_others(self, connection: Connection, kind: Kind, subject: int, but: bytes) -> list[bytes]:
        """End every session of ``subject`` but one in the caller's transaction and return their digests."""
        rows = await connection.fetch(
            """
            UPDATE sessions SET revoked_at = now()
            WHERE kind = $1 AND subject_id = $2 AND digest <> $3 AND revoked_at IS NULL AND expires_at > now()
            RETURNING digest
            """,
            kind,
            subject,
            but,
        )
        return [row["digest"] for row in rows]

    async def revoke_all(self, connection: Connection, kind: Kind, subject: int) -> list[bytes]:
        """End every session of ``subject`` in the caller's transaction and return their digests."""
        rows = await connection.fetch(
            """
            UPDATE sessions SET revoked_at = now()
            WHERE kind = $1 AND subject_id = $2 AND revoked_at IS NULL AND expires_at > now() RETURNING digest
            """,
            kind,
            subject,
        )
        return [row["digest"] for row in rows]

    def forget(self, digest: bytes) -> None:
        """Refuse the session of ``digest`` in this process from now on."""
        self._seen.pop(digest, None)
        self._revoked[digest] = None
        if len(self._revoked) > _ROOM:
            self._revoked.popitem(last=False)

    def refresh(self, kind: Kind, subject: int) -> None:
        """Ask the directory again who ``subject`` is at the next request (after a change of name or rights)."""
        for digest, (_, session) in list(self._seen.items()):
            if session.identity.kind is kind and session.identity.id == subject:
                del self._seen[digest]

    def revoked(self, digest: bytes) -> bool:
        """Tell whether this process has heard that the session ended."""
        return digest in self._revoked

    def csrf(self, token: str) -> str:
        """Return the token that a page of this session (or visitor) sends along with its writes."""
        made = hmac.digest(self._secret, b"csrf:" + token.encode(errors="replace"), "sha256")
        return base64.urlsafe_b64encode(made[:18]).decode()

    def csrf_holds(self, token: str, given: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.csrf(token).encode(), given.encode(errors="replace"))


def digest_of(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
