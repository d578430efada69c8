"""Writing one packet to many connections: the heart of the house."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from realtime.wire.line import Line
from realtime.wire.parcels import Parcel

SLICE = 500
"""Listeners that are written to before others of the process have their turn."""


async def fan_out(told: Sequence[tuple[Parcel, list[Line]]], *, droppable: bool) -> None:
    """Write each parcel to its lines. Slices keep the loop free for others.

    A cancellation is raised when all have been written to: a room's place says what every line in it has been told.
    """
    cancelled: asyncio.CancelledError | None = None
    for parcel, lines in told:
        frame = parcel.frame
        for at in range(0, len(lines), SLICE):
            if at and cancelled is None:
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError as error:
                    cancelled = error
            for line in lines[at : at + SLICE]:
                if line.flowing:
                    line.write(frame)
                else:
                    line.send(parcel, droppable=droppable)
    if cancelled is not None:
        raise cancelled
