"""The state machine of a remark: one literal table of allowed moves."""

from __future__ import annotations

from commerce.reviews.types import RemarkState
from commerce.reviews.types import RemarkState as S

MOVES: dict[RemarkState, frozenset[RemarkState]] = {
    S.WAITING: frozenset({S.SHOWN, S.HIDDEN, S.REMOVED}),
    S.SHOWN: frozenset({S.SHOWN, S.HIDDEN, S.REMOVED}),
    # What was hidden by mistake comes back.
    S.HIDDEN: frozenset({S.SHOWN, S.REMOVED}),
    S.REMOVED: frozenset(),
}
"""Shown → shown is a decision too: somebody looked at pictures or reports, and it stands."""


def may(before: RemarkState, after: RemarkState) -> bool:
    """Tell whether the table allows the move."""
    return after in MOVES[before]
