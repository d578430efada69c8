"""Staff, assembled."""

from __future__ import annotations

from commerce.staff import api, pages, security_api, security_pages
from commerce.staff.directory import directory
from commerce.staff.tiles import Tile, Tiles
from commerce.staff.types import Permission
from server.application import Application
from server.http import Kind


def setup(app: Application) -> None:
    """Register staff: their sessions, routes, and the doors of the back office."""
    app.directory(Kind.STAFF, directory)
    tiles = Tiles()
    tiles.add(
        Tile(
            title="员工",
            text="账号、角色和最近登录",
            href="/backoffice/staff",
            icon="user",
            permission=Permission.STAFF_MANAGE,
        )
    )
    app.provide(Tiles, tiles)
    app.add(api.routes, pages.routes, security_api.routes, security_pages.routes)
