"""How much one connection, one member, one address may do."""

from __future__ import annotations

import time

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """How much a client may do. Zero events a second means as many as it likes."""

    connect_within: float = 5.0
    """Seconds for a client to say who it is."""
    events_per_second: float = 20.0
    events_at_once: float = 60.0
    """Everything that a connection says counts as an event: a CONNECT or an acknowledgement too."""
    flood: float = 200.0
    """Events beyond the rate that end the connection."""
    sockets_of_member: int = 12
    sockets_of_address: int = 200
    member_events: tuple[float, float] = (40.0, 120.0)
    """Events of one member on all their connections to this process: a second, and at once."""
    address_events: tuple[float, float] = (400.0, 1200.0)
    """The same for an address, behind which a whole school may be; its CONNECTs count with them."""
    address_handshakes: tuple[float, float] = (50.0, 400.0)
    """Connections that an address may begin: a second, and at once."""


class Bucket:
    """A token bucket: ``rate`` a second, ``burst`` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Count one; False beyond the rate. What is refused is owed too, so that ``debt`` grows with a flood."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1
        self._at = now
        return self._left >= 0

    @property
    def debt(self) -> float:
        """How far beyond the rate it has gone."""
        return max(0.0, -self._left)

    @property
    def retry_after(self) -> int:
        """Whole seconds until one more is free."""
        return max(1, round(self.debt / self._rate))
