"""The gate's connection source: one connection, made when first needed, checked, and made anew after any doubt."""

from __future__ import annotations

import asyncio
from typing import Any

import hiredis
import msgspec

from flashsale.gate import scripts
from flashsale.gate.link import Finder, Link, ask, connect
from flashsale.gate.types import GateUnavailable

_PAUSE = 0.1
"""Seconds in which nobody tries again after a connection failed, so that a rush does not become a rush of connects."""

_FRESH = 0.25
"""Seconds for which a stamp that was just read is believed when the item says otherwise."""

_OTHER_NODE = ("READONLY", "MOVED", "ASK", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN")
"""Errors of a node that is not, or no longer, the one that decides: its connection is of no more use."""


class Node(msgspec.Struct, frozen=True):
    """What a connection learnt about the server at its other end."""

    stamp: bytes
    evicts: bool


def _read_info(*sections: bytes) -> Node:
    fields: dict[bytes, bytes] = {}
    for section in sections:
        for line in section.splitlines():
            name, colon, value = line.partition(b":")
            if colon:
                fields[name] = value
    if b"run_id" not in fields or b"master_replid" not in fields:
        raise GateUnavailable("Redis does not say which run it is (INFO lacks run_id or master_replid)")
    if fields.get(b"role", b"master") != b"master":
        raise GateUnavailable("this Redis is a replica; the gate needs the master")
    limited = fields.get(b"maxmemory", b"0") != b"0"
    return Node(
        stamp=fields[b"run_id"] + b":" + fields[b"master_replid"],
        evicts=limited and fields.get(b"maxmemory_policy", b"noeviction") != b"noeviction",
    )


class Source:
    """Runs scripts on the one connection. Nothing is ever sent twice, save a script that Redis did not know."""

    def __init__(self, find: Finder, *, timeout: float) -> None:
        self._find = find
        self._timeout = timeout
        self._link: Link | None = None
        self._connecting: asyncio.Task[Link] | None = None
        self._failed_at = float("-inf")
        self._failure = ""

    @property
    def connected(self) -> bool:
        """Whether the connection stands; it is made when first needed."""
        return self._link is not None and self._link.alive

    async def run(self, script: scripts.Script, item_id: int, *args: bytes | str | int, stamped: bool = True) -> Any:
        """Run ``script`` on an item, the connection's stamp before its arguments. Raises GateUnavailable only."""
        link = self._link
        if link is None or not link.alive:
            link = await self._connected()
        words = (
            (*scripts.head(script, item_id), link.stamp, *args) if stamped else (*scripts.head(script, item_id), *args)
        )
        reply = await self._reply(link, words)
        if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
            await self._reply(link, (b"SCRIPT", b"LOAD", script.source))
            reply = await self._reply(link, words)
        if isinstance(reply, hiredis.ReplyError):
            if str(reply).startswith(_OTHER_NODE):
                link.drop(str(reply))
            raise GateUnavailable(f"{script.name}: {reply}")
        return reply

    async def syncs(self) -> bool | None:
        """Whether the node writes and syncs before it answers; None where CONFIG is closed to us."""
        link = await self._connected()
        reply = await self._reply(link, (b"CONFIG", b"GET", b"append*"))
        if isinstance(reply, hiredis.ReplyError):
            return None
        values = dict(zip(reply[::2], reply[1::2], strict=True))
        return values.get(b"appendonly") == b"yes" and values.get(b"appendfsync") == b"always"

    async def doubt_stamp(self) -> None:
        """Read the stamp again if it is not fresh: a node takes a new one when its first replica attaches, too."""
        link = self._link
        if link is None or not link.alive or asyncio.get_running_loop().time() - link.stamped_at < _FRESH:
            return
        link.stamped_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._timeout):
                await _stamp(link)
        except (GateUnavailable, TimeoutError) as error:
            link.drop(str(error) or "Redis did not answer in time")

    async def stamp(self) -> bytes:
        """Return the stamp of the node that is connected now. Raises GateUnavailable."""
        return (await self._connected()).stamp

    async def close(self) -> None:
        """End the connection; a later call would make a new one."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._link is not None:
            self._link.drop("the gate is closed")
            self._link = None

    async def _reply(self, link: Link, words: tuple[bytes | str | int, ...]) -> Any:
        try:
            async with asyncio.timeout(self._timeout):
                return await link.send(*words)
        except TimeoutError:
            reason = f"Redis did not answer within {self._timeout} s"
            link.drop(reason)
            raise GateUnavailable(reason) from None

    async def _connected(self) -> Link:
        if self._link is not None and self._link.alive:
            return self._link
        if self._connecting is None:
            if asyncio.get_running_loop().time() - self._failed_at < _PAUSE:
                raise GateUnavailable(self._failure)
            self._connecting = asyncio.create_task(self._connect())
        # Shielded: the one who asked first may hang up while others wait for the same connection.
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> Link:
        try:
            async with asyncio.timeout(self._timeout):
                link = await connect(await self._find())
                try:
                    await ask(link, [("SCRIPT", "LOAD", script.source) for script in scripts.ALL])
                    await _stamp(link)
                except BaseException:
                    link.drop("the connection could not be set up")
                    raise
        except (OSError, TimeoutError, GateUnavailable) as error:
            self._failed_at = asyncio.get_running_loop().time()
            self._failure = f"no connection to Redis: {str(error) or type(error).__name__}"
            raise GateUnavailable(self._failure) from error
        finally:
            self._connecting = None
        self._link = link
        return link


async def _stamp(link: Link) -> None:
    sections = await ask(link, [("INFO", "server"), ("INFO", "replication"), ("INFO", "memory")])
    node = _read_info(*sections)
    if node.evicts:
        raise GateUnavailable("this Redis throws keys away when memory is short; set maxmemory-policy noeviction")
    link.stamp = node.stamp
    link.stamped_at = asyncio.get_running_loop().time()
