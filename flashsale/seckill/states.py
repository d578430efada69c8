"""What a sale and a reservation may become."""

from __future__ import annotations

from flashsale.seckill.types import ItemState, ReservationStatus

ITEM_MOVES: dict[ItemState, frozenset[ItemState]] = {
    ItemState.DRAFT: frozenset({ItemState.PUBLISHED}),
    ItemState.PUBLISHED: frozenset({ItemState.PAUSED, ItemState.ENDED}),
    ItemState.PAUSED: frozenset({ItemState.PUBLISHED, ItemState.ENDED}),
    ItemState.ENDED: frozenset(),
}

RESERVATION_MOVES: dict[ReservationStatus, frozenset[ReservationStatus]] = {
    ReservationStatus.HELD: frozenset({ReservationStatus.PAID, ReservationStatus.EXPIRED}),
    ReservationStatus.PAID: frozenset(),
    ReservationStatus.EXPIRED: frozenset({ReservationStatus.PAID}),  # a late payment that won again, under a new gen
    ReservationStatus.VOID: frozenset(),
}


def may_become(state: ItemState, target: ItemState) -> bool:
    """Tell whether a sale in ``state`` may move to ``target``."""
    return target in ITEM_MOVES[state]
