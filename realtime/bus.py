"""Between processes: one Redis channel for each room, subscribed only while somebody here is in it.

What is published while Redis is away is lost to other processes; that is the lossy lane, and members of a room hear of
the gap afterwards (``Rooms.after_gap``). The bus hears its own heartbeat: a process that has gone deaf says so in
``/readyz`` and opens its ears anew, whatever its client library believes about the connection.

On a cluster (``redis+cluster://host:port``) the channels are sharded: a message goes to the node of the room's slot
alone, each node has ears of its own, and each of them its own heartbeat. Rooms follow their slots when those move.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from urllib.parse import urlsplit

import structlog

from realtime.ears import Deliver, Ears, Recovered
from server.ending import end
from server.redis import DOWN, Cluster, Redis, cluster, clustered, connect, database_of, slot_of

log = structlog.get_logger("bus")
LOOK = 2.0
"""Seconds between looks at which nodes a cluster has, and which slots they hold."""


def tag(url: str, room: str) -> str:
    """Return what the names of a room's keys and channel have in common: a cluster keeps them on one node."""
    return f"{{lf:{database_of(url)}:room:{room}}}"


class Bus:
    """The ears of one process and its voice."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cluster: Cluster | None = cluster(url) if clustered(url) else None
        self._redis: Redis | None = None if clustered(url) else connect(url, size=20)
        self._tag = tag(url, "~").replace("~", "{room}")
        self._number = secrets.token_hex(6)
        self._ears: dict[str, Ears] = {}
        """By the name of the node, ``""`` where there is one Redis."""
        self._clients: dict[str, Redis] = {}
        self._nodes: dict[str, str] = {}
        """Which ears hear a wanted room; absent until the cluster has been looked at."""
        self._wanted: set[str] = set()
        self._minding: asyncio.Task[None] | None = None
        if self._redis is not None:
            self._ears[""] = Ears(self._redis, self.channel(f"~pulse:{self._number}"), self.channel)

    async def open(self, deliver: Deliver, recovered: Recovered) -> None:
        """Begin to listen; an absent Redis is waited for."""
        if self._cluster is None:
            self._ears[""].open(deliver, recovered)
        else:
            self._minding = asyncio.create_task(self._mind(self._cluster, deliver, recovered), name="bus nodes")

    async def close(self) -> None:
        """Stop listening and close the connections."""
        if self._minding is not None:
            await end(self._minding)
        for ears in self._ears.values():
            await ears.close()
        for client in (self._redis, self._cluster, *self._clients.values()):
            if client is not None:
                with contextlib.suppress(*DOWN):
                    await client.aclose()

    @property
    def deaf(self) -> bool:
        """Tell whether the bus listens and has not heard itself for too long, at one of its nodes."""
        return any(ears.deaf for ears in self._ears.values()) or (self._minding is not None and not self._ears)

    def channel(self, room: str) -> str:
        """Return the channel of a room."""
        return self._tag.replace("{room}", room, 1)

    @property
    def sharded(self) -> bool:
        """Tell whether the channels are those of a cluster."""
        return self._cluster is not None

    async def publish(self, room: str, message: bytes) -> bool:
        """Send ``message`` to the room's members in every process that listens. False when Redis is away."""
        try:
            if self._cluster is not None:
                await self._cluster.spublish(self.channel(room), message)
            elif self._redis is not None:
                await self._redis.publish(self.channel(room), message)
        except DOWN as error:
            log.warning("not published", room=room, error=str(error) or type(error).__name__)
            return False
        return True

    def want(self, room: str) -> None:
        """Hear ``room`` from soon on."""
        self._wanted.add(room)
        node = self._node(room)
        if node is not None:
            self._nodes[room] = node
            self._ears[node].want(room)

    def unwant(self, room: str) -> None:
        """Stop hearing ``room``."""
        self._wanted.discard(room)
        node = self._nodes.pop(room, None)
        if node is not None and node in self._ears:
            self._ears[node].unwant(room)

    async def heard(self, room: str) -> None:
        """Wait until ``room`` is heard, a second at most."""
        for _ in range(100):
            node = self._nodes.get(room)
            if node is not None and node in self._ears:
                await self._ears[node].heard(room)
                return
            await asyncio.sleep(0.01)

    def _node(self, room: str) -> str | None:
        """Return whose ears hear a room, None while nobody knows."""
        if self._cluster is None:
            return ""
        node = self._cluster.nodes_manager.slots_cache.get(slot_of(self.channel(room)))
        return node[0].name if node and node[0].name in self._ears else None

    async def _mind(self, nodes: Cluster, deliver: Deliver, recovered: Recovered) -> None:
        """Keep ears at every node that holds slots, and every wanted room with the ears of its slot."""
        while True:
            try:
                await nodes.initialize()
                await nodes.nodes_manager.initialize()
                await self._follow(nodes, deliver, recovered)
            except DOWN as error:
                log.warning("nodes unknown", error=str(error) or type(error).__name__)
            except Exception as error:  # without this task no room would ever follow its slot again
                log.error("nodes unknown", exc_info=error)
            await asyncio.sleep(LOOK)

    async def _follow(self, nodes: Cluster, deliver: Deliver, recovered: Recovered) -> None:
        present = {node.name: node for node in nodes.get_primaries()}
        slots: dict[str, set[int]] = {name: set() for name in present}
        for slot, (primary, *_) in nodes.nodes_manager.slots_cache.items():
            slots[primary.name].add(slot)
        for name in [name for name, ears in self._ears.items() if slot_of(ears.pulse) not in slots.get(name, ())]:
            # The node is left, or has lost the slot of the heartbeat alone: there are to be new ears with another.
            self._nodes = {room: node for room, node in self._nodes.items() if node != name}
            await self._ears.pop(name).close()
            await self._clients.pop(name).aclose()
        for name, held in slots.items():
            if held and name not in self._ears:
                at = self._at(present[name].host, int(present[name].port))
                client = self._clients[name] = connect(at, size=20)
                self._ears[name] = Ears(client, self._pulse_in(held), self.channel, sharded=True)
                self._ears[name].open(deliver, recovered)
        moved = 0
        for room in list(self._wanted):
            before, now = self._nodes.get(room), self._node(room)
            if now is not None and (now != before or self._ears[now].lost(room)):
                if before in self._ears and before != now:
                    self._ears[before].unwant(room)
                self._nodes[room] = now
                self._ears[now].want(room, behind=True)  # it was heard by nobody meanwhile
                moved += before is not None
        if moved:
            log.warning("slots moved", rooms=moved)

    def _at(self, host: str, port: int) -> str:
        """Return the address of a node, with the user and password of the cluster's."""
        user, at, _ = urlsplit(self._url).netloc.rpartition("@")
        return f"redis://{user}{at}{f'[{host}]' if ':' in host else host}:{port}/0"

    def _pulse_in(self, slots: set[int]) -> str:
        """Return a channel for the heartbeat of the node that holds ``slots``."""
        return next(
            channel
            for number in itertools.count()
            if slot_of(channel := self.channel(f"~pulse:{self._number}:{number}")) in slots
        )
