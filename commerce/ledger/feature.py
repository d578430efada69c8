"""How the ledger plugs in."""

from __future__ import annotations

from commerce.ledger import pages
from commerce.staff import Tile, Tiles
from server.application import Application


def setup(app: Application) -> None:
    """Add the back office's ledger page; everything else is asked of the ledger by other features."""
    app.add(pages.routes)
    app.resource(Tiles).add(
        Tile(
            title="账本",
            text="每笔收款和退款，借贷相抵",
            href="/backoffice/ledger",
            icon="wallet",
            permission="ledger.view",
        )
    )
