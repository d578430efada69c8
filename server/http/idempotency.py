"""Idempotency keys: the first final answer is stored in the transaction that made it, and replayed.

Same key and body: the stored answer. Same key, other body, route or query: refused. Two at once: the second waits on
the first one's row. A refusal takes back what the handler wrote (savepoint) but is itself an answer and is kept;
answers that say nothing about the outcome (401, 403, 413, 415, 429, 5xx, a body that cannot be read) are not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from server.database import Connection, Database
from server.errors import IdempotencyMismatch, Invalid, Problem

HEADER = "Idempotency-Key"
_VISIBLE = re.compile(r"[\x21-\x7e]{1,64}")
_FINAL = frozenset({404, 409, 422})


class Stored(msgspec.Struct, frozen=True):
    """A final answer: the status, the encoded body, the headers that the handler added.

    ``messages`` holds what a refusal says, by language: who asks again may read another one.
    """

    status: int
    body: bytes
    headers: dict[str, str] = {}
    messages: dict[str, str] = {}

    def told(self, locale: str) -> bytes:
        """Return the body, a refusal's message in the language of ``locale``."""
        if locale not in self.messages:
            return self.body
        document = msgspec.json.decode(self.body)
        document["error"]["message"] = self.messages[locale]
        return msgspec.json.encode(document)


def target_of(request: web.Request) -> str:
    """Return what a key is bound to beside the body: method, path and query as they came."""
    return f"{request.method} {request.path_qs}"


def key_of(request: web.Request, *, required: bool) -> str | None:
    """Return the request's key. Raises Invalid when it is malformed, or missing where it is required."""
    key = request.headers.get(HEADER)
    if key is None:
        if required:
            raise Invalid(HEADER, "这个操作需要幂等键")
        return None
    if not _VISIBLE.fullmatch(key):
        raise Invalid(HEADER, "幂等键是 1 到 64 个可见 ASCII 字符")
    return key


async def answered(database: Database, owner: str, key: str, route: str, raw: bytes) -> Stored | None:
    """Return the stored answer to ``key``, None if there is none yet. Raises IdempotencyMismatch for another use of it.

    For what has effects outside the transaction: ask before them, and let ``once`` decide.
    """
    async with database.connection() as connection:
        return await _stored(connection, owner, key, route, hashlib.sha256(raw).digest())


async def once(
    database: Database,
    owner: str,
    key: str,
    route: str,
    raw: bytes,
    work: Callable[[Connection], Awaitable[Stored]],
    refuse: Callable[[Problem], Stored],
) -> Stored:
    """Return the answer to ``key``: the stored one, or that of ``work``, run in the transaction that stores it."""
    digest = hashlib.sha256(raw).digest()
    async with database.transaction() as connection:
        claimed = await connection.fetchval(
            """
            INSERT INTO idempotency_keys (owner, key, route, body_digest) VALUES ($1, $2, $3, $4)
            ON CONFLICT (owner, key) DO NOTHING RETURNING true
            """,
            owner,
            key,
            route,
            digest,
        )
        if not claimed:
            stored = await _stored(connection, owner, key, route, digest)
            if stored is None:
                raise IdempotencyMismatch
            return stored
        try:
            async with connection.transaction():
                answer = await work(connection)
        except Problem as problem:
            if problem.status not in _FINAL:
                raise
            answer = refuse(problem)
        await connection.execute(
            """
            UPDATE idempotency_keys
            SET status = $3, body = $4, headers = $5, messages = $6
            WHERE owner = $1 AND key = $2
            """,
            owner,
            key,
            answer.status,
            answer.body,
            answer.headers,
            answer.messages,
        )
        return answer


async def _stored(connection: Connection, owner: str, key: str, route: str, digest: bytes) -> Stored | None:
    row = await connection.fetchrow(
        """
        SELECT route, body_digest, status, body, headers, messages
        FROM idempotency_keys
        WHERE owner = $1 AND key = $2
        """,
        owner,
        key,
    )
    if row is None:
        return None
    if row["route"] != route or row["body_digest"] != digest:
        raise IdempotencyMismatch
    return Stored(row["status"], row["body"], row["headers"], row["messages"])
