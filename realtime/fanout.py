"""Writing one packet to many connections: the heart of the house."""

from __future__ import annotations

import asyncio

from realtime.wire.line import Line
from realtime.wire.parcels import Parcel

SLICE = 500
"""Listeners that are written to before others of the process have their turn."""


async def fan_out(parcel: Parcel, lines: list[Line], *, droppable: bool) -> None:
    """Write ``parcel`` to ``lines``. Slices keep the loop free for others."""
    frame = parcel.frame
    for at in range(0, len(lines), SLICE):
        if at:
            await asyncio.sleep(0)
        for line in lines[at : at + SLICE]:
            if line.flowing:
                line.write(frame)
            else:
                line.send(parcel, droppable=droppable)
