"""Calls of any route by somebody who may make them, with whatever bytes."""

from __future__ import annotations

import itertools
from typing import Any

from server.http.access import Anyone
from server.http.routes import Route
from server.http.session import Kind
from tests.whole.bodies import ATTEMPTS
from tests.whole.world import Heard, World

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
ENDS_A_SESSION = {
    "DELETE /api/v1/auth/sessions/current",
    "DELETE /api/v1/staff/sessions/current",
    "POST /logout",
    "POST /backoffice/logout",
}
ENDS_OTHERS = {"POST /me/devices/others/end", "POST /api/v1/me/sessions/end-others"}
_keys = itertools.count(1)


def path_of(world: World, route: Route) -> str:
    """Return the route's address with things that nothing can be done to any more."""
    item_id = world.paused_id if route.name == ATTEMPTS else world.ended_id
    return world.path(
        route,
        order_no=world.dead_no,
        item_id={"PATCH": world.draft_id, "GET": world.sale_id}.get(route.method, item_id),
    )


def with_body(world: World) -> list[Route]:
    """Return the routes that read JSON."""
    return [route for route in world.app.routes if route.body is not None or route.name == ATTEMPTS]


async def send(world: World, route: Route, data: Any, headers: dict[str, str] | None = None, path: str = "") -> Heard:
    """Send bytes to a route as somebody who may call it."""
    who = world.entitled(route)
    if route.name in ENDS_A_SESSION and not isinstance(route.access, Anyone):
        kind = route.realm
        who = (await world.again(world.staff if kind is Kind.STAFF else world.alice, kind)).headers
    elif route.name in ENDS_OTHERS:
        who = world.victim.headers
    headers = {"Idempotency-Key": f"bad-{next(_keys)}", **JSON, **who, **(headers or {})}
    return await world.ask(route.method, path or path_of(world, route), headers, data=data)
