"""Files that stay: written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def keep(path: Path, body: bytes) -> None:
    """Write ``body`` to ``path`` so that the file appears whole or not at all, and survives a power cut.

    One that is there already is left alone: a name stands for its content. Several may write the same at once. Blocks.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.parent / f".{secrets.token_hex(8)}"
    try:
        with made.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
        _settle(path.parent)
    finally:
        made.unlink(missing_ok=True)


def move(path: Path, to: Path) -> None:
    """Have the file at ``path`` be at ``to`` instead, also after a power cut. None there: nothing happens. Blocks."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.replace(to)
    except FileNotFoundError:
        return
    _settle(to.parent)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Have the folder itself on the disk: a name is an entry of its folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
