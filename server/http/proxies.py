"""The client's address, seen through the proxies that are trusted to tell it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

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
            if not (candidate := hop.strip()) or not _is_address(candidate):
                return address
            address = candidate
            if not self._trusted(address):
                return address
        return address

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def network_of(address: str) -> str:
    """Return what limits count by: the address itself, of IPv6 its /64, which is what one customer is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))


def is_loopback(address: str) -> bool:
    """Tell whether ``address`` is this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
