"""CPU of the server process for an event that a client sends and that the server acknowledges.

64 clients send an event each, with a body of three fields, and wait for the acknowledgement; when all have it they send
the next. Ours checks the body against a struct, counts the event against the limits of connection, member and address
(set so high that none refuses), calls the handler and encodes the struct that it returns; once the handler is a plain
function, once a coroutine. Stock python-socketio (msgpack, aiohttp on uvloop, no task for each event) neither checks
nor counts; its handlers are of the same two kinds. Every acknowledgement is read and compared.

CPU is user and system, all threads, from the kernel; reading from and writing to the socket are in it, which both sides
pay alike. The design sets no bar; two is taken.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from loadtest.bench.crowd import MSGPACK, WITHIN, Lost, connect, frames, hang_up
from loadtest.bench.process import Server, server

ROUNDS = 5
CLIENTS = 64
EVENTS = {"ours": 100, "stock": 40}
"""Of each client, of each kind, in each round."""
KINDS = ("plain", "coroutine")
BARS = {"plain": 2.0, "coroutine": 2.0}


class Talkers:
    """Clients of one server that send and wait."""

    def __init__(self, running: Server, sockets: Sequence[socket.socket]) -> None:
        self._running = running
        self.sockets = {one.fileno(): one for one in sockets}
        self._poll = select.epoll()
        for number in self.sockets:
            self._poll.register(number, select.EPOLLIN)
        self._next = 1

    def cost(self, kind: str, events: int) -> float:
        """Have every client send ``events`` of ``kind``; return the µs of CPU for each."""
        before = self._running.cpu()
        for _ in range(events):
            self._turn(kind)
        return (self._running.cpu() - before) / events / CLIENTS * 1e6

    def _turn(self, kind: str) -> None:
        number, self._next = self._next, self._next + 1
        body = {"sku_id": str(number), "quantity": 2, "note": "请尽快发货，谢谢"}
        sent = MSGPACK.write(2, [kind, body], number)
        expected = [3, [{"ok": True, "order_no": str(number), "quantity": 2}], number]
        for one in self.sockets.values():
            one.sendall(sent)
        missing = set(self.sockets)
        while missing:
            ready = self._poll.poll(WITHIN)
            if not ready:
                raise Lost(f"{len(missing)} had no acknowledgement")
            for at, _ in ready:
                found, rest = frames(self.sockets[at].recv(65536))
                if rest or len(found) != 1 or at not in missing:
                    raise Lost(f"no single frame: {found} {rest!r}")
                if (read := MSGPACK.read(*found[0])) != expected:
                    raise Lost(f"{read} instead of {expected}")
                missing.discard(at)

    def close(self) -> None:
        """Hang up."""
        self._poll.close()
        hang_up(self.sockets.values())


def run() -> dict[str, Any]:
    """Return the ratios and the µs behind them; under 60 s, which is less than the servers wait for a pong."""
    with ExitStack() as stack:
        sides = {}
        for side, which in (("ours", "unlimited"), ("stock", "stock")):
            running = stack.enter_context(server([sys.executable, "-m", "loadtest.bench.realtime_server", which]))
            sides[side] = Talkers(running, connect(running.port, CLIENTS, MSGPACK))
            stack.callback(sides[side].close)
        time.sleep(0.5)  # what connecting set off
        spent: dict[str, dict[str, list[float]]] = {side: {kind: [] for kind in KINDS} for side in sides}
        # The first round warms up and is thrown away.
        for number in range(ROUNDS + 1):
            for kind in KINDS:
                for side, talkers in sides.items():
                    cost = talkers.cost(kind, EVENTS[side])
                    if number:
                        spent[side][kind].append(cost)
    us = {side: {kind: round(median(costs), 1) for kind, costs in kinds.items()} for side, kinds in spent.items()}
    ratios = {kind: round(us["stock"][kind] / us["ours"][kind], 2) for kind in KINDS}
    return {
        "bench": "inbound",
        "clients": CLIENTS,
        "bars": BARS,
        "ratios": ratios,
        "ok": all(ratios[kind] >= bar for kind, bar in BARS.items()),
        "details": {"us": us},
    }


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
