"""5,000 WebSocket connections on one process: the memory of one that is idle, and how late they hear when it is busy.

The server is the platform's hub behind an open door (realtime_server.py): every client comes from an address of its
own through a trusted proxy, is a member with a session, says CONNECT and ``join``, and is counted against the limits of
production. No Redis is beside it, nor the features that keep something of their own for a socket.

``memory``: resident bytes of the process with 5,000 clients in one room, idle for some seconds, less those before the
first one, for each. What the kernel keeps for a socket is not in it.

``latency``: about 50 comments a second are said in the room at random moments, and the merged lane makes a frame of
them every tick, 100 ms as a rule and more under load; single events are published besides, evenly, as many as bring the
process to about 70 % of a core. Each frame carries the moment at which it was published, by the clock that all
processes of a machine share; 100 clients, spread evenly over the room's order, read at once and parse, the others are
emptied five times a second by a process that counts bytes. The bar is a tick and 50 ms for 99 of 100 frames from being
published to being read. ``said`` beside it is the same for comments from being said: they wait for the tick as well.
Every comment must reach every one of the 100, and every client must get the same number of bytes.

Server and clients share the machine's cores: with two of them, and the clients on one, what else runs there delays
both, so the figure is an upper bound; clients that are far away wake nobody here. ``kept_waiting_share`` is the part
of the time that the server was ready to run and had no core: a latency measured while that is more than a few
hundredths says more of the machine than of the server.
"""

from __future__ import annotations

import json
import os
import resource
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from loadtest.bench.crowd import MSGPACK, PING, PONG, Lost, connect, frames, hang_up
from loadtest.bench.process import Server, server
from loadtest.bench.tick import EVENT, ROOM

CLIENTS = 5_000
SAMPLE = 100
IDLE = 5.0
TICK = 0.1
COMMENTS = 50.0
"""Said a second."""
SHARE = 0.70
"""Of a core, that the process is brought to."""
TRY, MEASURE = 3.0, 12.0
KIB = 40.0
WITHIN = TICK + 0.05
BARS = {"memory": 1.0, "latency": 1.0}


class Sampled:
    """The clients that read at once."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self._sockets = {one.fileno(): one for one in sockets}
        self._rest = dict.fromkeys(self._sockets, b"")
        self._poll = select.epoll()
        for number in self._sockets:
            self._poll.register(number, select.EPOLLIN)
        self.bytes = dict.fromkeys(self._sockets, 0)
        self.comments = dict.fromkeys(self._sockets, 0)
        self.begin()

    def begin(self) -> None:
        """Count lateness from here on."""
        self.merged: list[float] = []
        self.written: list[float] = []
        self.ticks = self.singles = 0

    def until(self, done: int, then: Callable[[], None]) -> None:
        """Read until ``done`` can be read from, call ``then``, and read on until nothing has come for a second."""
        self._poll.register(done, select.EPOLLIN)
        wait = -1.0
        while ready := self._poll.poll(wait):
            for number, _ in ready:
                if number == done:
                    then()
                    self._poll.unregister(done)
                    wait = 1.0
                else:
                    self._read(number)

    def _read(self, number: int) -> None:
        one = self._sockets[number]
        data = one.recv(65536)
        now = time.monotonic_ns()
        if not data:
            raise Lost("the server hung up")
        self.bytes[number] += len(data)
        found, self._rest[number] = frames(self._rest[number] + data)
        for opcode, payload in found:
            if payload == b"2":
                self.bytes[number] -= len(PING)
                one.sendall(PONG)
                continue
            event, told = MSGPACK.read(opcode, payload)[1]
            self.written.append((now - told["ts"]) / 1e6)
            if event != EVENT:
                self.singles += 1
                continue
            self.ticks += 1
            self.comments[number] += len(told["comments"])
            self.merged += [(now - comment["at"]) / 1e6 for comment in told["comments"]]

    def __len__(self) -> int:
        return len(self._sockets)


class Emptied:
    """The other clients, in a process of their own."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        stop, self._stop = os.pipe()
        self._told, tell = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(stop)
            os.close(tell)
            hang_up(sockets)  # the other process has them still
            return
        os.close(self._stop)
        status = 1
        try:
            os.write(tell, json.dumps(_empty(sockets, stop)).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def end(self) -> dict[str, int]:
        """Return the fewest and the most bytes that one of them got."""
        os.close(self._stop)
        told = os.read(self._told, 65536)
        os.close(self._told)
        os.waitpid(self._pid, 0)
        if not told:
            raise Lost("a client was hung up on")
        counted: dict[str, int] = json.loads(told)
        return counted


def _empty(sockets: Sequence[socket.socket], stop: int) -> dict[str, int]:
    got = [0] * len(sockets)
    ended = select.poll()
    ended.register(stop)
    last = False
    while not last:
        last = bool(ended.poll(200))
        for at, one in enumerate(sockets):
            try:
                data = one.recv(65536)
            except BlockingIOError:
                continue
            if not data:
                raise Lost("the server hung up")
            got[at] += len(data)
            if PING in data:
                one.sendall(PONG)
                got[at] -= len(PING)
    return {"fewest": min(got), "most": max(got)}


def run() -> dict[str, Any]:
    """Return the ratios (what is allowed ÷ what was measured) and the figures behind them; under 60 s."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with server([sys.executable, "-m", "loadtest.bench.realtime_server", "ours"]) as running:
        before = running.memory()
        every = connect(running.port, CLIENTS, MSGPACK, room=ROOM)
        sampled = Sampled(every[:: CLIENTS // SAMPLE])
        emptied = Emptied([one for at, one in enumerate(every) if at % (CLIENTS // SAMPLE)])
        time.sleep(IDLE)
        kib = (running.memory() - before) / CLIENTS / 1024
        figures = _load(running, sampled)
        busy = (running.memory() - before) / CLIENTS / 1024
        counted = emptied.end()
    got = {*sampled.bytes.values(), *counted.values()}
    if len(got) > 1:
        raise Lost(f"not everybody got the same: {min(got)} to {max(got)} bytes")
    ratios = {
        "memory": round(KIB / kib, 2),
        "latency": round(WITHIN * 1000 / figures["frame_p99_ms"], 2),
        "said": round(WITHIN * 1000 / figures["comment_p99_ms"], 2),
    }
    return {
        "bench": "connections",
        "clients": CLIENTS,
        "bars": BARS,
        "ratios": ratios,
        "ok": all(ratios[name] >= bar for name, bar in BARS.items()),
        "details": {"idle_kib": round(kib, 1), "after_load_kib": round(busy, 1)} | figures,
    }


def _load(running: Server, sampled: Sampled) -> dict[str, float]:
    others = 0.0
    for _ in range(2):  # the first finds what a frame costs, the second what comes of it
        share, *_ = _spend(running, sampled, others, TRY)
        frames_ = sampled.ticks / len(sampled) / TRY + others
        others = max(0.0, others + (SHARE - share) * frames_ / share)
    sampled.begin()
    heard = dict(sampled.comments)
    share, waited, comments, singles = _spend(running, sampled, others, MEASURE)
    for number, count in sampled.comments.items():
        if count - heard[number] != comments:
            raise Lost(f"{comments} comments were said and {count - heard[number]} heard")
    if sampled.singles != singles * len(sampled):
        raise Lost(f"{singles} events were published to {len(sampled)} and {sampled.singles} heard")
    return {
        "cpu_share": round(share, 3),
        "kept_waiting_share": round(waited, 3),
        "ticks_per_s": round(sampled.ticks / len(sampled) / MEASURE, 1),
        "single_events_per_s": round(singles / MEASURE, 1),
        "frames_per_s": round((sampled.ticks / len(sampled) + singles) / MEASURE * CLIENTS),
        "frame_p50_ms": _part(sampled.written, 0.50),
        "frame_p99_ms": _part(sampled.written, 0.99),
        "comment_p50_ms": _part(sampled.merged, 0.50),
        "comment_p99_ms": _part(sampled.merged, 0.99),
    }


def _spend(running: Server, sampled: Sampled, others: float, seconds: float) -> tuple[float, float, int, int]:
    """Put the server under load; return the shares of the time that it ran and was kept from running, and how many
    comments and single events there were."""
    cpu, kept, began = running.cpu(), running.kept_waiting(), time.monotonic()
    share = waited = 0.0

    def done() -> None:
        nonlocal share, waited
        took = time.monotonic() - began
        share, waited = (running.cpu() - cpu) / took, (running.kept_waiting() - kept) / took

    running.tell(f"load {COMMENTS} {others} {seconds}")
    sampled.until(running.answers, done)
    comments, singles = map(int, running.heard().split())
    return share, waited, comments, singles


def _part(values: list[float], share: float) -> float:
    return round(sorted(values)[int(len(values) * share)], 1) if values else 0.0


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
