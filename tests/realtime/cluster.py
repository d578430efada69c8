"""A small cluster of real Valkey nodes on loopback."""

from __future__ import annotations

import contextlib
import functools
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hiredis
from aiohttp.test_utils import unused_port

SLOTS = 16384


class Node:
    """One node: its process, and questions to it."""

    def __init__(self, binary: Path, home: Path) -> None:
        self.port, self.bus = unused_port(), unused_port()
        folder = home / str(self.port)
        folder.mkdir(parents=True)
        options = {
            "port": self.port, "cluster-port": self.bus, "bind": "127.0.0.1", "cluster-enabled": "yes",
            "cluster-node-timeout": 2000, "save": "", "dir": folder, "logfile": folder / "log",
        }  # fmt: skip
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        self.process = subprocess.Popen([str(binary), *words])

    def ask(self, *words: object) -> Any:
        """Return the answer to a command, None while nobody answers."""
        reader = hiredis.Reader(encoding="utf-8")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as peer:
            peer.sendall(" ".join(map(str, words)).encode() + b"\r\n")
            while (answer := reader.gets()) is False:
                more = peer.recv(65536)
                if not more:
                    return None
                reader.feed(more)
            return answer
        return None

    def awake(self) -> bool:
        """Tell whether it answers."""
        return bool(self.ask("PING") == "PONG")

    def sees(self, count: int) -> bool:
        """Tell whether it finds the cluster of ``count`` nodes whole."""
        told = str(self.ask("CLUSTER", "INFO"))
        return "cluster_state:ok" in told and f"cluster_known_nodes:{count}" in told

    def slots(self) -> set[int]:
        """Return the slots that this node holds."""
        own = self.ask("CLUSTER", "MYID")
        return {
            slot
            for first, last, primary, *_ in self.ask("CLUSTER", "SLOTS")
            if primary[2] == own
            for slot in range(first, last + 1)
        }


class Nodes:
    """The cluster."""

    def __init__(self, binary: Path, home: Path, count: int) -> None:
        self.nodes = [Node(binary, home) for _ in range(count)]

    @property
    def url(self) -> str:
        """The address that the platform is given."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port}"

    def join(self) -> None:
        """Give every node its share of the slots and have them know each other."""
        share = SLOTS // len(self.nodes)
        for at, node in enumerate(self.nodes):
            until(node.awake)
            end = SLOTS - 1 if at == len(self.nodes) - 1 else (at + 1) * share - 1
            assert node.ask("CLUSTER", "ADDSLOTSRANGE", at * share, end) == "OK"
        first, *others = self.nodes
        for node in others:
            assert node.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus) == "OK"
        for node in self.nodes:
            until(functools.partial(node.sees, len(self.nodes)))

    def move(self, slot: int) -> None:
        """Give a slot that holds no keys to another node."""
        owner = next(node for node in self.nodes if slot in node.slots())
        target = next(node for node in self.nodes if node is not owner)
        number = target.ask("CLUSTER", "MYID")
        for node in (target, owner, *self.nodes):
            assert node.ask("CLUSTER", "SETSLOT", slot, "NODE", number) == "OK"

    def close(self) -> None:
        """End the processes."""
        for node in self.nodes:
            node.process.kill()
            node.process.wait()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster is not ready")
        time.sleep(0.05)


@contextlib.contextmanager
def running(binary: Path, home: Path, count: int = 2) -> Iterator[Nodes]:
    """Run a cluster."""
    made = Nodes(binary, home, count)
    try:
        made.join()
        yield made
    finally:
        made.close()
