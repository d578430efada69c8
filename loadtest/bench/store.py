"""A Valkey of a benchmark's own, with its append-only file on a disk, and attempts packed beforehand."""

from __future__ import annotations

import asyncio
import itertools
import os
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hiredis
import msgspec

from flashsale.gate import Gate, Reservation, SaleState, Terms, scripts
from server.engines import Engines

ITEM = 1
SOLD = 5_000
"""Reservations that the item begins with: a sale under way, its hashes well past their first sizes."""


class Spent(msgspec.Struct, frozen=True):
    """What a run of attempts took."""

    attempts: int
    wall_s: float
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """CPU of the server, µs an attempt."""
        return self.cpu_s / self.attempts * 1e6

    @property
    def per_s(self) -> float:
        """Attempts a second by the clock on the wall."""
        return self.attempts / self.wall_s


class Peer:
    """A blocking connection, so that the client's own work stays small and even."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self._reader = hiredis.Reader()

    def fileno(self) -> int:
        """The socket's number, for epoll."""
        return self.socket.fileno()

    def receive(self) -> Any:
        """Wait for one reply. Raises the error that Redis sent."""
        while (reply := self._reader.gets()) is False:
            self._reader.feed(self.socket.recv(1 << 20))
        if isinstance(reply, hiredis.ReplyError):
            raise reply
        return reply


class Store:
    """The running Valkey."""

    def __init__(self, url: str, path: str, pid: int, filesystem: str) -> None:
        self.path = path
        self.filesystem = filesystem
        self._url = url
        self._pid = pid
        self._numbers = itertools.count(1)

    def open(self, *, accept: bool) -> bytes:
        """Load the item anew, with units for everybody or with none left; return the stamp that attempts carry."""
        return asyncio.run(self._open(accept))

    async def _open(self, accept: bool) -> bytes:
        gate, now = Gate.at(self._url), datetime.now(UTC)
        terms = Terms(1, SaleState.OPEN, now - timedelta(hours=1), now + timedelta(hours=1), limit=2)
        sold = [Reservation(10**9 + at, f"sold-{at}", 1, 1, 1) for at in range(SOLD)]
        await gate.shut(ITEM, "bench")
        loaded = await gate.load(
            ITEM,
            "bench",
            epoch=time.time_ns() // 1000,
            allocated=10**9 if accept else SOLD,
            terms=terms,
            reservations=sold,
        )
        assert loaded
        stamp = await gate.stamp()
        await gate.close()
        return stamp

    def pack(self, stamp: bytes, calls: int, size: int) -> list[bytes]:
        """Return ``calls`` EVALSHAs of ``size`` attempts by members who have not been here yet."""
        packed = []
        for _ in range(calls):
            members = [str(next(self._numbers)) for _ in range(size)]
            rids = [f"{int(member) * 2654435761 % 2**64:032x}" for member in members]
            words = (*scripts.head(scripts.ADMIT, ITEM), stamp, *members, *["1"] * size, *rids)
            packed.append(hiredis.pack_command(words))  # type: ignore[arg-type]  # the stub forgets the ellipsis
        return packed

    def cpu(self) -> float:
        """Seconds of CPU of Valkey's main thread so far, to the nanosecond; every command runs there."""
        return int(Path(f"/proc/{self._pid}/schedstat").read_text().split()[0]) / 1e9

    def together(self, packed: Sequence[bytes], size: int, *, depth: int) -> Spent:
        """Send the calls over one connection, ``depth`` of them in each write, then read their replies."""
        peer = Peer(self.path)
        cpu, began = self.cpu(), time.perf_counter()
        for at in range(0, len(packed), depth):
            part = packed[at : at + depth]
            peer.socket.sendall(b"".join(part))
            for _ in part:
                peer.receive()
        spent = Spent(len(packed) * size, time.perf_counter() - began, self.cpu() - cpu)
        peer.socket.close()
        return spent

    def apart(self, packed: Sequence[bytes], size: int, *, connections: int) -> Spent:
        """Send the calls over several connections, one at a time on each, as fast as the answers come."""
        peers = {peer.fileno(): peer for peer in (Peer(self.path) for _ in range(connections))}
        poll = select.epoll()
        todo = iter(packed)
        cpu, began, out = self.cpu(), time.perf_counter(), 0
        for number, peer in peers.items():
            poll.register(number, select.EPOLLIN)
            peer.socket.sendall(next(todo))
            out += 1
        while out:
            for number, _ in poll.poll():
                peers[number].receive()
                out -= 1
                if (call := next(todo, None)) is not None:
                    peers[number].socket.sendall(call)
                    out += 1
        spent = Spent(len(packed) * size, time.perf_counter() - began, self.cpu() - cpu)
        poll.close()
        for peer in peers.values():
            peer.socket.close()
        return spent


@contextmanager
def store(*, appendfsync: str) -> Iterator[Store]:
    """A Valkey on a socket under ``var/``, or under ``LINGFENG_BENCH_DIR``. Raises SystemExit on a disk of memory."""
    base = Path(os.environ.get("LINGFENG_BENCH_DIR", "var/bench"))
    base.mkdir(parents=True, exist_ok=True)
    kind = filesystem(base)
    if kind in {"tmpfs", "ramfs"}:
        raise SystemExit(f"{base} is memory ({kind}), no disk; name a folder on one in LINGFENG_BENCH_DIR")
    home = Path(tempfile.mkdtemp(prefix="valkey-", dir=base))
    engines = Engines(home, valkey={"appendfsync": appendfsync})
    try:
        engines.valkey.start()
        assert engines.valkey.pid is not None
        yield Store(engines.valkey.url, str(engines.valkey.address), engines.valkey.pid, kind)
    finally:
        engines.close()
        shutil.rmtree(home, ignore_errors=True)


def filesystem(folder: Path) -> str:
    """Return the kind of filesystem that ``folder`` lies on."""
    mounts = (line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())
    inside = [(place, kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(inside, key=lambda mount: len(mount[0]))[1]
