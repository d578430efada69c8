"""The state machine of a payment: one literal table of allowed moves."""

from __future__ import annotations

from commerce.payments.types import PaymentStatus
from commerce.payments.types import PaymentStatus as S

MOVES: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    S.PENDING: frozenset({S.PAID, S.CLOSED}),
    # The platform closed it and the gateway took the money all the same: money that came is money that came.
    S.CLOSED: frozenset({S.PAID}),
    S.PAID: frozenset({S.REFUNDED}),
    S.REFUNDED: frozenset(),
}


class IllegalMove(ValueError):
    """The table does not allow the move: a defect of the caller."""


def hold(before: PaymentStatus, after: PaymentStatus) -> None:
    """Raise IllegalMove unless the table allows the move."""
    if after not in MOVES[before]:
        raise IllegalMove(f"a payment cannot go from {before} to {after}")


def before(after: PaymentStatus) -> list[PaymentStatus]:
    """Return the states from which ``after`` may be reached."""
    return [status for status, nexts in MOVES.items() if after in nexts]
