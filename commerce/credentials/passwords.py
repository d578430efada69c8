"""Passwords: Argon2id in two threads, so that hashing never holds up the loop nor takes every core."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Invalid, Problem, Unavailable

LEAST, MOST = 8, 128
"""Characters of a password."""

_WAITING = 64
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
_waiting = 0
# The hash of a password nobody has: an account that does not exist takes as long to refuse as one that does.
_NOBODY = _hasher.hash(secrets.token_urlsafe(32))


class OldPasswordWrong(Problem):
    """The present password, asked for before it is replaced, is another one."""

    code, status, message = "old_password_wrong", 422, "现在的密码不对"


def hold_strength(field: str, password: str, *names: str) -> None:
    """Raise Invalid unless ``password`` is long enough, not one repeated sign, and none of the person's ``names``."""
    if not LEAST <= len(password) <= MOST:
        raise Invalid(field, "密码是 8 到 128 个字符")
    if len(set(password)) < 4 or password.lower() in {name.lower() for name in names if name}:
        raise Invalid(field, "这个密码太容易猜到，换一个")


def new_password() -> str:
    """Return a random password of 16 characters."""
    return secrets.token_urlsafe(12)


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of ``password``. Raises Unavailable when too many wait for their turn."""
    return await _run(partial(_hasher.hash, password))


async def check_password(kept: str | None, password: str) -> bool:
    """Tell whether ``password`` is the one that ``kept`` was made of; None takes as long and never is.

    Raises Unavailable when too many wait for their turn.
    """
    return await _run(partial(_verify, kept or _NOBODY, password)) == "yes" and kept is not None


def _verify(kept: str, password: str) -> str:
    try:
        _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return "no"
    return "yes"


async def _run(work: partial[str]) -> str:
    global _waiting
    if _waiting >= _WAITING:
        raise Unavailable(2)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1
