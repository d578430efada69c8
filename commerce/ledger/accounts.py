"""The accounts, named in one place so that nobody posts to a misspelt one."""

from __future__ import annotations

UNALLOCATED = "payments:unallocated"
"""Money that no order wanted: late, twice, or another sum. Owed back, or to the shop if it wins its units again."""

REFUNDS = "refunds:clearing"
"""Refunds that were decided and that the gateway has not confirmed yet."""


def gateway(method: str) -> str:
    """Return the account of the money that a gateway holds for the platform."""
    return f"gateway:{method}"


def payable(shop_id: int) -> str:
    """Return the account of what is owed to a shop."""
    return f"shop:{shop_id}:payable"
