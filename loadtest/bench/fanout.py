"""CPU of the server process for a frame delivered to one of 1,000 WebSocket clients in one room.

The frame is a live room's tick: five comments, 250 to 300 bytes. ``raw`` writes a frame that was made before to every
transport, in the same process on the same loop as ``ours``, which is Rooms.publish through the platform's hub without
Redis (it would cost a message, not a listener). ``stock`` is python-socketio at its best: msgpack, aiohttp on uvloop,
no compression, no task for each event. Node's socket.io has its ``ws`` and no compression, with the JSON parser and
with the msgpack one. With the JSON parser it is compared with ours to clients that speak JSON, all else with msgpack.

CPU is that of the server, user and system, all threads, from the kernel. The clients are this process: bare sockets
that compare each frame, byte for byte, with one whose content was read; the next tick is published when all of them
have the last one, so that nothing waits anywhere and no two frames share a write. The sides come in turns within each
round. On the loopback the sender's ``write`` pays for the receiver's half of TCP as well, on every side alike; it is
most of the raw loop, so that against a network card all ratios to it would be somewhat smaller, and those to the
others greater.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any

import msgspec

from loadtest.bench import crowd
from loadtest.bench.crowd import Crowd, Peer, Speech
from loadtest.bench.nodejs import HERE, NoNode, node
from loadtest.bench.process import Server, server
from loadtest.bench.tick import EVENT, FIRST, ROOM, tick

ROUNDS = 5
CLIENTS = 1_000
TICKS = {"raw": 60, "ours": 60, "ours_json": 60, "stock": 10, "node_json": 40, "node_msgpack": 40}
"""Published in each round."""
JSON_ROOM = "live:8"
BARS = {"raw": 0.8, "stock": 7.0, "node_json": 1.3, "node_msgpack": 1.3}


class Side:
    """One server, its clients, and how it is told to publish."""

    def __init__(self, running: Server, clients: Crowd, words: str, says: Callable[[int], Any]) -> None:
        self._running, self._clients, self._words, self._says = running, clients, words, says
        self._next = FIRST
        self.bytes = 0

    def cost(self, ticks: int) -> float:
        """Publish ``ticks`` times; return the µs of CPU for each frame that a client had."""
        before = self._running.cpu()
        for number in range(self._next, self._next + ticks):
            self._running.tell(self._words.format(number))
            self.bytes = self._clients.hear(self._says(number))
        self._next += ticks
        return (self._running.cpu() - before) / ticks / CLIENTS * 1e6


def run() -> dict[str, Any]:
    """Return the ratios and the µs behind them; under 60 s."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        sides = _python(stack)
        try:
            sides |= _node(stack)
        except NoNode as error:
            missing = dict.fromkeys(("node_json", "node_msgpack"), str(error))
        time.sleep(1)  # what connecting set off
        spent: dict[str, list[float]] = {name: [] for name in sides}
        # The first round warms up and is thrown away.
        for number in range(ROUNDS + 1):
            for name, side in sides.items():
                cost = side.cost(TICKS[name])
                if number:
                    spent[name].append(cost)
        sizes = {name: side.bytes for name, side in sides.items()}
    us = {name: round(median(costs), 2) for name, costs in spent.items()}
    ratios = {
        name: round(us["raw"] / us["ours"] if name == "raw" else us[name] / us[_beside(name)], 2)
        for name in BARS
        if name in us
    }
    return {
        "bench": "fanout",
        "clients": CLIENTS,
        "bars": BARS,
        "ratios": ratios,
        "missing": missing,
        "ok": all(ratios.get(name, 0.0) >= bar for name, bar in BARS.items()),
        "details": {"us": us, "frame_bytes": sizes},
    }


def _beside(name: str) -> str:
    return "ours_json" if name == "node_json" else "ours"


def _python(stack: ExitStack) -> dict[str, Side]:
    ours = stack.enter_context(server([sys.executable, "-m", "loadtest.bench.realtime_server", "ours"]))
    ours.tell("port")
    port = int(ours.heard())
    peers = [Peer(port, "/", number) for number in range(CLIENTS)]
    for peer in peers:
        peer.begun()
    bare = Crowd([peer.ready() for peer in peers], crowd.MSGPACK.read)
    stack.callback(bare.close)
    stock = stack.enter_context(server([sys.executable, "-m", "loadtest.bench.realtime_server", "stock"]))
    return {
        "raw": Side(ours, bare, "raw {}", _said),
        "ours": _side(stack, ours, crowd.MSGPACK, ROOM, joins=True),
        "ours_json": _side(stack, ours, crowd.JSON, JSON_ROOM, joins=True),
        "stock": _side(stack, stock, crowd.MSGPACK, ROOM),
    }


def _node(stack: ExitStack) -> dict[str, Side]:
    program, env = node()
    payload = msgspec.json.encode(tick(FIRST)).decode()
    sides = {}
    for parser, speech in (("json", crowd.JSON), ("msgpack", crowd.MSGPACK)):
        running = stack.enter_context(server([program, str(HERE / "server.js"), parser, payload], env))
        sides[f"node_{parser}"] = _side(stack, running, speech, ROOM)
    return sides


def _side(stack: ExitStack, running: Server, speech: Speech, room: str, *, joins: bool = False) -> Side:
    first = CLIENTS if speech is crowd.JSON else 0
    sockets = crowd.connect(running.port, CLIENTS, speech, room=room if joins else "", first=first)
    clients = Crowd(sockets, speech.read)
    stack.callback(clients.close)
    return Side(running, clients, f"tick {{}} {room}", _said)


def _said(number: int) -> Any:
    return [2, [EVENT, tick(number)], None]


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
