"""How the ledger plugs in."""

from __future__ import annotations

from commerce.ledger import pages
from server.application import Application


def setup(app: Application) -> None:
    """Add the back office's ledger page; everything else is asked of the ledger by other features."""
    app.add(pages.routes)
