"""What a sale may become."""

from __future__ import annotations

from flashsale.seckill.types import ItemState

ITEM_MOVES: dict[ItemState, frozenset[ItemState]] = {
    ItemState.DRAFT: frozenset({ItemState.PUBLISHED}),
    ItemState.PUBLISHED: frozenset({ItemState.PAUSED, ItemState.ENDED}),
    ItemState.PAUSED: frozenset({ItemState.PUBLISHED, ItemState.ENDED}),
    ItemState.ENDED: frozenset(),
}


def may_become(state: ItemState, target: ItemState) -> bool:
    """Tell whether a sale in ``state`` may move to ``target``."""
    return target in ITEM_MOVES[state]
