"""What each built-in role opens and what it does not, and what is left of somebody whose rights were taken."""

from __future__ import annotations

import pytest

from commerce.staff import Permission
from commerce.staff.types import held_in
from realtime.hub import Hub
from realtime.types import VisitorKind
from server.http.access import StaffWith
from server.http.routes import Route
from server.http.session import Kind
from tests.flashsale.seckill.conftest import Member
from tests.whole.matrix import PLATFORM, PLATFORM_ROLES, SHOP_ROLES, STAFF
from tests.whole.test_access import attempt, closed, kept_out
from tests.whole.world import World

pytestmark = pytest.mark.usefixtures("untouched", "still")
EVERYTHING = {str(one) for one in Permission if one is not Permission.EVERYTHING}


async def with_role(world: World, code: str, shop_id: int | None) -> Member:
    """Return somebody who has a built-in role in a shop, or on the whole platform for None."""
    somebody = await world.new_staff(shop_id)
    await world.db.execute(
        "UPDATE staff_roles SET role_id = (SELECT id FROM roles WHERE code = $2) WHERE staff_id = $1", somebody.id, code
    )
    return somebody


def of_staff(world: World) -> list[Route]:
    """Return the routes that some permission opens."""
    return [one for one in closed(world) if isinstance(one.access, StaffWith) and one.access.permission]


async def test_the_built_in_roles_are_those_of_the_table(world: World) -> None:
    rows = await world.db.fetch("SELECT code, permissions, level FROM roles WHERE built_in")
    in_shops = {row["code"]: held_in(1, row["permissions"]) for row in rows if row["level"] != "platform"}
    on_the_platform = {row["code"]: held_in(None, row["permissions"]) for row in rows if row["level"] != "shop"}
    assert in_shops == SHOP_ROLES
    assert on_the_platform == PLATFORM_ROLES
    assert {one for held in (*SHOP_ROLES.values(), *PLATFORM_ROLES.values()) for one in held} <= {*EVERYTHING, "*"}


@pytest.mark.parametrize("code", sorted(SHOP_ROLES))
async def test_a_role_in_a_shop_opens_its_routes_and_no_others(world: World, code: str) -> None:
    somebody = await with_role(world, code, world.shop_id)
    for route in of_staff(world):
        if STAFF[route.name] not in SHOP_ROLES[code] or route.name in PLATFORM:
            kept_out(world, route, await attempt(world, route, somebody.headers), 403)
        elif route.method == "GET":
            answer = await attempt(world, route, somebody.headers)
            assert answer.status in (200, 303), (route.name, answer.status, answer.text[:300])


@pytest.mark.parametrize("code", sorted(SHOP_ROLES))
async def test_a_role_in_one_shop_opens_nothing_of_another(world: World, code: str) -> None:
    somebody = await with_role(world, code, world.other_shop)
    ids = {
        "order_no",
        "item_id",
        "product_id",
        "refund_no",
        "batch_id",
        "change_id",
        "remark_id",
        "staff_id",
        "role_id",
    }
    for route in of_staff(world):
        if ids & set(route.params):
            held = STAFF[route.name] in SHOP_ROLES[code] and route.name not in PLATFORM
            kept_out(world, route, await attempt(world, route, somebody.headers), 404 if held else 403)


@pytest.mark.parametrize("code", sorted(PLATFORM_ROLES))
async def test_a_role_on_the_platform_opens_its_routes_and_no_others(world: World, code: str) -> None:
    somebody = await with_role(world, code, None)
    held = EVERYTHING if code == "owner" else PLATFORM_ROLES[code]
    for route in of_staff(world):
        if STAFF[route.name] not in held:
            kept_out(world, route, await attempt(world, route, somebody.headers), 403)
        elif route.method == "GET":
            answer = await attempt(world, route, somebody.headers)
            assert answer.status in (200, 303), (route.name, answer.status, answer.text[:300])


async def test_roles_in_two_shops_hold_each_where_it_was_given(world: World) -> None:
    """Who may change products in shop B and only see orders in shop A changes no product of A."""
    somebody = await with_role(world, "service", world.shop_id)
    await world.db.execute(
        "INSERT INTO staff_roles (staff_id, role_id, shop_id) SELECT $1, id, $2 FROM roles WHERE code = 'operator'",
        somebody.id,
        world.other_shop,
    )
    for route in of_staff(world):
        here, there = (STAFF[route.name] in SHOP_ROLES[code] for code in ("service", "operator"))
        if {"order_no", "item_id", "product_id", "refund_no", "batch_id", "change_id"} & set(route.params):
            if not here:
                answer = await attempt(world, route, somebody.headers)
                kept_out(world, route, answer, 404 if there and route.name not in PLATFORM else 403)
            elif route.method == "GET":
                assert (await attempt(world, route, somebody.headers)).status == 200, route.name


async def test_a_role_that_was_just_taken_opens_nothing(world: World) -> None:
    somebody = await with_role(world, "shop_manager", world.shop_id)
    assert (await world.ask("GET", "/api/v1/backoffice/products", somebody.headers)).status == 200
    path = f"/api/v1/backoffice/staff/{somebody.id}/roles"
    taken = await world.ask("PUT", path, world.staff.headers, json={"shop_id": str(world.shop_id), "roles": []})
    assert taken.status == 200, taken.text
    for route in of_staff(world):
        kept_out(world, route, await attempt(world, route, somebody.headers), 403)


async def test_a_closed_account_opens_nothing(world: World) -> None:
    somebody = await with_role(world, "owner", None)
    again = await world.again(somebody, Kind.STAFF)
    path = f"/api/v1/backoffice/staff/{somebody.id}/disable"
    done = await world.ask("POST", path, world.staff.headers, json={"reason": "离职"})
    assert done.status == 200, done.text
    for route in closed(world):
        if isinstance(route.access, StaffWith):
            for headers in (somebody.headers, again.headers):
                statuses = (303,) if route.page and route.method == "GET" else (401,)
                kept_out(world, route, await attempt(world, route, headers), *statuses)


def test_no_namespace_lets_staff_in(world: World) -> None:
    """Sockets are not told that a role was taken. A namespace for staff has to look at their rights for itself."""
    declared = world.app.resource(Hub).declared()
    assert "/member" in declared
    assert not [path for path, namespace in declared.items() if VisitorKind.STAFF in namespace.kinds]
