"""How merchandising plugs in."""

from __future__ import annotations

from commerce.merchandising import api, editor, listing, pictures
from commerce.merchandising.types import VIEW
from commerce.staff import Tile, Tiles
from server.application import Application


def setup(app: Application) -> None:
    """Register merchandising."""
    app.add(api.routes, pictures.routes, listing.routes, editor.routes)
    app.resource(Tiles).add(
        Tile(
            title="商品",
            text="编辑、批量改、上下架、导入导出",
            href="/backoffice/products",
            icon="box",
            permission=VIEW,
        )
    )
