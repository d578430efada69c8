"""Files that stay: whole, and never two writers in each other's way."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server import files


def test_many_may_write_the_same_at_once(tmp_path: Path) -> None:
    path, body = tmp_path / "a" / "b.webp", b"x" * 400_000
    together = threading.Barrier(8)

    def write(_: int) -> None:
        together.wait()
        files.keep(path, body)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert path.read_bytes() == body
    assert [each.name for each in path.parent.iterdir()] == ["b.webp"]


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    files.keep(path, b"first")
    files.keep(path, b"second")
    assert path.read_bytes() == b"first"


def test_the_bytes_reach_the_disk_before_the_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[list[str]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        synced.append([each.name for each in tmp_path.iterdir() if not each.name.startswith(".")])

    monkeypatch.setattr(os, "fsync", fsync)
    files.keep(tmp_path / "a.webp", b"body")
    assert synced == [[], ["a.webp"]], "the file's bytes, then the folder that names it"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.keep(tmp_path / "a.webp", b"body")
    assert not list(tmp_path.iterdir())
