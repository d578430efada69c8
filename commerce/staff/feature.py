"""Staff, assembled."""

from __future__ import annotations

from commerce.staff import (
    api,
    audit_pages,
    pages,
    people_pages,
    rights_api,
    roles_pages,
    security_api,
    security_pages,
)
from commerce.staff.directory import directory
from commerce.staff.permissions import RIGHTS_THERE_ARE
from commerce.staff.shops import Shops
from commerce.staff.tiles import Tile, Tiles
from commerce.staff.types import Permission
from server.application import Application
from server.http import Kind


def setup(app: Application) -> None:
    """Register staff: their sessions, what there is to be permitted, routes, and the doors of the back office."""
    app.directory(Kind.STAFF, directory)
    app.permit(right.permission for right in RIGHTS_THERE_ARE)
    app.provide(Shops, Shops())
    tiles = Tiles()
    tiles.add(
        Tile(
            title="员工与角色",
            text="账号、角色、权限",
            href="/backoffice/staff",
            icon="people",
            permission=Permission.STAFF_MANAGE,
        )
    )
    tiles.add(
        Tile(
            title="操作记录",
            text="谁在什么时候改了什么",
            href="/backoffice/audit",
            icon="doc",
            permission=Permission.AUDIT_VIEW,
        )
    )
    app.provide(Tiles, tiles)
    app.add(
        api.routes,
        pages.routes,
        people_pages.routes,
        roles_pages.routes,
        audit_pages.routes,
        rights_api.routes,
        security_api.routes,
        security_pages.routes,
    )
