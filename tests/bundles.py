"""The stock JavaScript client's bundles: the one that the pages load, and the one that speaks JSON, which they do not.

The second is brought with the exact version and hash of package-lock.json, once, into the git-ignored cache.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path

from server import assets

CACHE = assets.ROOT / ".cache" / "bundles"


class Parser(StrEnum):
    """The encodings of packets that the client is shipped with."""

    MSGPACK = "msgpack"
    JSON = "json"


def socket_io(parser: Parser) -> Path:
    """Return the client's bundle with this parser. Raises AssetsError when it cannot be brought."""
    if parser is Parser.MSGPACK:
        return assets.TARGET / "socket.io.js"
    made, stamp = CACHE / "socket.io.min.js", CACHE / "package-lock.json"
    wanted = (assets.ROOT / stamp.name).read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes start at once: one brings it, the others wait
        if not made.exists() or not stamp.exists() or stamp.read_bytes() != wanted:
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                shutil.copy(assets.install(Path(folder)) / "socket.io-client" / "dist" / made.name, made)
            stamp.write_bytes(wanted)
    return made
