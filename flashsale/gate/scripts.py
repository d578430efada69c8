"""The Lua scripts, and the keys they touch."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from importlib.resources import files

import msgspec

_FOLDER = files(__package__) / "lua"


class Script(msgspec.Struct, frozen=True):
    """A script as EVALSHA wants it; ``keys`` are the letters of the keys it declares, in its own order."""

    name: str
    keys: str
    source: bytes
    sha: bytes


def _script(name: str, keys: str) -> Script:
    source = (_FOLDER / f"{name}.lua").read_bytes()
    return Script(name, keys, source, sha1(source, usedforsecurity=False).hexdigest().encode())


ADMIT = _script("admit", "ghrmj")
RELEASE = _script("release", "ghm")
REWIN = _script("rewin", "ghrmj")
JOURNAL_READ = _script("journal_read", "j")
JOURNAL_REMOVE = _script("journal_remove", "j")
SNAPSHOT = _script("snapshot", "ghrmj")
CLOSE = _script("close", "g")
LOAD_BEGIN = _script("load_begin", "ghrmj")
LOAD_CHUNK = _script("load_chunk", "ghrm")
LOAD_OPEN = _script("load_open", "g")
STATE = _script("state", "g")
ARCHIVE = _script("archive", "ghrmj")

ALL = (
    ADMIT,
    RELEASE,
    REWIN,
    JOURNAL_READ,
    JOURNAL_REMOVE,
    SNAPSHOT,
    CLOSE,
    LOAD_BEGIN,
    LOAD_CHUNK,
    LOAD_OPEN,
    STATE,
    ARCHIVE,
)


def key(item_id: int, letter: str) -> str:
    """Return the name of one of an item's keys. The braces keep all of them on one node of a cluster."""
    return f"{{fs:{item_id}}}:{letter}"


@lru_cache(maxsize=4096)
def head(script: Script, item_id: int) -> tuple[bytes, ...]:
    """Return the words of an EVALSHA up to its arguments."""
    names = (key(item_id, letter).encode() for letter in script.keys)
    return (b"EVALSHA", script.sha, str(len(script.keys)).encode(), *names)
