"""The list of features, bottom floor first. Each is a package with a module ``feature`` that has ``setup(app)``."""

from __future__ import annotations

FEATURES: tuple[str, ...] = (
    "server",
    "realtime",
    "commerce.credentials",
    "commerce.staff",
    "commerce.members",
    "commerce.identities",
    "commerce.messages",
    "commerce.behaviour",
    "commerce.catalogue",
    "commerce.stock",
    "commerce.ledger",
    "commerce.merchandising",
    "commerce.search",
    "commerce.favourites",
    "commerce.orders",
    "commerce.reviews",
    "commerce.recommendations",
    "commerce.payments",
    "commerce.sandbox",
    "flashsale.seckill",
)
"""Migrations run, and routes are added, in this order."""
