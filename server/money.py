"""Money: integer fen (分), currency CNY, never a float."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType

Fen = NewType("Fen", int)


def yuan(fen: int) -> str:
    """Return ``fen`` as yuan with two decimals and no sign of currency: 4990 → ``49.90``."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{rest // 100}.{rest % 100:02d}"


def amount(fen: int) -> str:
    """Return ``fen`` as people read yuan in a sentence: 224700 → ``2,247.00``. What programs read is ``yuan``'s."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{rest // 100:,}.{rest % 100:02d}"


def parse_yuan(text: str) -> Fen:
    """Return the fen of a decimal yuan text as gateways write it (``49.9``, ``49.90``). Raises ValueError."""
    whole, point, part = text.strip().partition(".")
    if (
        not whole.isascii()
        or not whole.isdigit()
        or (point and not (part.isascii() and part.isdigit()))
        or len(part) > 2
    ):
        raise ValueError(f"not an amount of yuan: {text!r}")
    return Fen(int(whole) * 100 + int(part.ljust(2, "0") or 0))


def split(total: int, weights: Sequence[int]) -> list[Fen]:
    """Split ``total`` fen in proportion to ``weights`` so that the shares sum to it exactly (largest remainder).

    Equal remainders go to the earlier share. Raises ValueError when there is nothing to split over.
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must be non-negative and sum to more than 0")
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return [Fen(share) for share in shares]
