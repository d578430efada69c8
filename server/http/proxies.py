"""The client's address, seen through the proxies that are trusted to tell it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The networks whose X-Forwarded-For is believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(network, strict=False) for network in networks]

    def client(self, request: web.Request) -> str:
        """Return the nearest address of the chain that is no trusted proxy.

        Who comes over a unix socket is a proxy of ours or this machine (``127.0.0.1``): its mode keeps others out.
        """
        address = request.remote or "127.0.0.1"
        if request.remote and not self._trusted(address):
            return address
        # A proxy may add a line of its own instead of adding to the one that came: the last hop is in the last line.
        for hop in reversed(",".join(request.headers.getall("X-Forwarded-For", ())).split(",")):
            if not (candidate := hop.strip()) or _parsed(candidate) is None:
                return address
            address = candidate
            if not self._trusted(address):
                return address
        return address

    def _trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)


@lru_cache(maxsize=4096)
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address, None for what is none. One of IPv4 may come in the clothes of IPv6 (``::ffff:192.0.2.1``):
    who listens on both writes it so."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def network_of(address: str) -> str:
    """Return what limits count by: the address itself, of IPv6 its /64, which is what one customer is given."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address if parsed is None else str(parsed)


def is_loopback(address: str) -> bool:
    """Tell whether ``address`` is this machine."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback
