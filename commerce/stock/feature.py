"""How stock plugs in."""

from __future__ import annotations

from commerce.stock.jobs import SWEEP
from server.application import Application


def setup(app: Application) -> None:
    """Register stock: a sweep; everything else is asked of it by other features."""
    app.schedule(SWEEP)
