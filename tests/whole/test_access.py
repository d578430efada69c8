"""Who may call what: every route of the platform, as everybody who may not. The tables are in matrix.py."""

from __future__ import annotations

import itertools

import pytest

from commerce.staff.types import Permission
from server.clock import wire
from server.http.access import Anyone, LoggedIn, StaffWith
from server.http.routes import Route
from server.http.session import Kind
from tests.whole.bodies import bodies, forms
from tests.whole.matrix import (
    ANY_STAFF,
    DOORS,
    ENDED,
    LEADS_AWAY,
    OF_A_MEMBER,
    OF_A_SHOP,
    OPEN,
    PLATFORM,
    STAFF,
)
from tests.whole.world import DOOR, NICKNAME, SECRET_TITLE, Heard, World

_keys = itertools.count(1)


async def attempt(world: World, route: Route, headers: dict[str, str], **ids: object) -> Heard:
    """Call a route with everything right but the caller."""
    headers = {"Idempotency-Key": f"walk-{next(_keys)}", **headers}
    path, form = world.path(route, **ids), forms(world).get(route.name, {}) if route.page else None
    if route.name == "POST /api/v1/flash-sales/{item_id}/attempts":
        ticket = await world.ticket(world.sale_id, world.alice)
        return await world.ask(route.method, path, headers, json={"ticket": ticket, "quantity": 1})
    json = bodies(world).get(route.name) if not route.page else None
    return await world.ask(route.method, path, headers, json=json, data=form if route.method != "GET" else None)


def closed(world: World) -> list[Route]:
    """Return the routes that not everybody may call."""
    return [route for route in world.app.routes if not isinstance(route.access, Anyone)]


def kept_out(world: World, route: Route, answer: Heard, *statuses: int, own: str = "") -> None:
    """Assert that the answer tells nothing but that the caller may not, and perhaps their ``own`` name."""
    assert answer.status in statuses, (route.name, answer.status, answer.text[:500])
    if answer.status == 303:
        door = "/backoffice/login?next=" if isinstance(route.access, StaffWith) else "/login?next="
        assert answer.headers["Location"].startswith(door), route.name
    for secret in (NICKNAME, DOOR, SECRET_TITLE, world.paid_no):
        assert secret == own or secret not in answer.text, route.name


def test_every_route_says_who_may_call_it(world: World) -> None:
    public = {route.name for route in world.app.routes if isinstance(route.access, Anyone)}
    assert public == OPEN
    staff = {route.name: str(route.access.permission) for route in closed(world) if isinstance(route.access, StaffWith)}
    assert staff == STAFF
    assert set(STAFF.values()) - {ANY_STAFF} <= set(Permission)


def test_what_lies_under_the_back_office_is_for_staff(world: World) -> None:
    for route in world.app.routes:
        behind = route.path.startswith(("/backoffice", "/api/v1/backoffice", "/api/v1/staff"))
        assert (route.realm is Kind.STAFF) == behind, route.name
        assert isinstance(route.access, StaffWith) == (behind and route.name not in OPEN), route.name


@pytest.mark.usefixtures("untouched")
async def test_guests_and_strangers_are_sent_to_the_door(world: World) -> None:
    for route in closed(world):
        page_get = route.page and route.method == "GET"
        kept_out(
            world, route, await attempt(world, route, {}), *((303,) if page_get else (403,) if route.page else (401,))
        )
        for odd in ("Bearer nobody", "Bearer", "Basic YTpi", f"bearer {'x' * 2000}"):
            answer = await attempt(world, route, {"Authorization": odd})
            kept_out(world, route, answer, 303 if page_get else 401)


@pytest.mark.usefixtures("untouched")
async def test_a_token_of_the_other_kind_opens_nothing(world: World) -> None:
    for route in closed(world):
        of_staff = isinstance(route.access, StaffWith)
        wrong = world.alice if of_staff else world.staff
        kept_out(world, route, await attempt(world, route, wrong.headers), 403, own=NICKNAME)
        cookie = {
            "Cookie": f"{'lf_staff' if of_staff else 'lf_member'}={wrong.token}",
            "X-CSRF-Token": world.app.sessions.csrf(wrong.token),
        }
        kept_out(world, route, await attempt(world, route, cookie), 403, own=NICKNAME)
        misplaced = {
            "Cookie": f"{'lf_member' if of_staff else 'lf_staff'}={wrong.token}",
            "X-CSRF-Token": world.app.sessions.csrf(wrong.token),
        }
        kept_out(world, route, await attempt(world, route, misplaced), 303, 401, 403, own=NICKNAME)


@pytest.mark.usefixtures("untouched")
async def test_ended_sessions_open_nothing(world: World) -> None:
    for kind, who in ((Kind.MEMBER, world.alice), (Kind.STAFF, world.staff)):
        ended = await world.again(who, kind)
        path = "/api/v1/auth/sessions/current" if kind is Kind.MEMBER else "/api/v1/staff/sessions/current"
        assert (await world.ask("DELETE", path, ended.headers)).status == 204
        for route in closed(world):
            if isinstance(route.access, StaffWith) == (kind is Kind.STAFF):
                answer = await attempt(world, route, ended.headers)
                kept_out(world, route, answer, 303 if route.page and route.method == "GET" else 401)


@pytest.mark.usefixtures("untouched")
async def test_staff_without_the_permission_are_refused(world: World) -> None:
    for route in closed(world):
        if isinstance(route.access, StaffWith) and route.access.permission:
            lacking = world.lacking[Permission(route.access.permission)]
            kept_out(world, route, await attempt(world, route, lacking.headers), 403)


@pytest.mark.usefixtures("untouched")
async def test_what_belongs_to_another_member_is_not_there(world: World) -> None:
    walked = set()
    for route in closed(world):
        if isinstance(route.access, LoggedIn) and OF_A_MEMBER & set(route.params):
            walked.add(route.name)
            kept_out(world, route, await attempt(world, route, world.bob.headers), 404)
            if "order_no" in route.params:
                answer = await attempt(world, route, world.bob.headers, order_no=world.paid_no)
                assert answer.status == 404, route.name
    assert len(walked) >= 14
    ticket = next(route for route in world.app.routes if route.name == "POST /api/v1/flash-sales/{item_id}/attempts")
    answer = await attempt(world, ticket, world.bob.headers)
    assert (answer.status, answer.code) == (403, "ticket_invalid")


@pytest.mark.usefixtures("untouched")
async def test_an_order_is_not_sent_to_another_members_address(world: World) -> None:
    bobs = await world.db.fetchval("SELECT id FROM addresses WHERE member_id = $1", world.bob.id)
    path = f"/api/v1/orders/{world.order_no}"
    answer = await world.ask("PATCH", path, world.alice.headers, json={"address_id": str(bobs)})
    assert answer.status in (404, 422)
    form = {"address_id": str(bobs)}
    answer = await world.ask("POST", f"/orders/{world.order_no}/address", world.alice.headers, data=form)
    assert answer.status in (404, 422)


@pytest.mark.usefixtures("untouched")
async def test_the_lists_of_a_member_hold_nothing_of_others(world: World) -> None:
    for route in closed(world):
        if isinstance(route.access, LoggedIn) and route.method == "GET" and not OF_A_MEMBER & set(route.params):
            answer = await attempt(world, route, world.bob.headers)
            expected = 303 if route.name in LEADS_AWAY else ENDED.get(route.name, 200)
            assert answer.status == expected, route.name
            for secret in (NICKNAME, DOOR, world.order_no, world.paid_no, world.payment_no):
                assert secret not in answer.text, route.name


@pytest.mark.usefixtures("untouched")
async def test_what_belongs_to_another_shop_is_not_there(world: World) -> None:
    walked = set()
    for route in closed(world):
        if isinstance(route.access, StaffWith) and OF_A_SHOP & set(route.params):
            walked.add(route.name)
            items = (world.sale_id, world.draft_id, world.paused_id) if "item_id" in route.params else (0,)
            for item_id in items:
                kept_out(world, route, await attempt(world, route, world.foreign.headers, item_id=item_id), 404)
    assert len(walked) >= 13


@pytest.mark.usefixtures("untouched")
async def test_staff_of_a_shop_see_their_shop_alone(world: World) -> None:
    secrets = (NICKNAME, DOOR, SECRET_TITLE, "甲店的秒杀", "秒杀杯", world.order_no, world.paid_no, world.refund_no)
    for route in closed(world):
        if isinstance(route.access, StaffWith) and not OF_A_SHOP & set(route.params):
            if route.name in PLATFORM:
                for who in (world.foreign, world.own):
                    kept_out(world, route, await attempt(world, route, who.headers), 403)
            elif route.method == "GET":
                answer = await attempt(world, route, world.foreign.headers)
                assert answer.status == 200, route.name
                assert not [secret for secret in secrets if secret in answer.text], route.name
    assert await world.db.fetchval("SELECT status FROM members WHERE id = $1", world.victim.id) == "active"


@pytest.mark.usefixtures("untouched")
async def test_a_sale_of_another_shops_sku_cannot_be_planned(world: World) -> None:
    before = await world.db.fetchval("SELECT count(*) FROM fs_items")
    answer = await world.staff_call("POST", "", world.plan(), who=world.foreign)
    assert (answer.status, answer.code) == (404, "not_found")
    assert await world.db.fetchval("SELECT count(*) FROM fs_items") == before


@pytest.mark.usefixtures("untouched")
async def test_drafts_are_no_shoppers_business(world: World) -> None:
    for path in ("/api/v1/flash-sales", "/flash-sales", "/", f"/products/{world.product_id}"):
        answer = await world.ask("GET", path, world.bob.headers)
        assert answer.status == 200
        assert SECRET_TITLE not in answer.text, path
    for method, path in (
        ("GET", f"/api/v1/flash-sales/{world.draft_id}"),
        ("GET", f"/flash-sales/{world.draft_id}"),
        ("GET", f"/api/v1/flash-sales/{world.draft_id}/mine"),
        ("POST", f"/api/v1/flash-sales/{world.draft_id}/tickets"),
        ("POST", f"/api/v1/flash-sales/{world.draft_id}/reminder"),
    ):
        assert (await world.ask(method, path, world.bob.headers)).status == 404, path


async def test_those_who_may_are_let_in(world: World) -> None:
    """The walks above prove something only if the same requests succeed for the right people."""
    for route in closed(world):
        if route.method == "GET":
            who = world.own if isinstance(route.access, StaffWith) and route.name not in PLATFORM else None
            answer = await attempt(world, route, who.headers if who else world.entitled(route))
            expected = (ENDED[route.name],) if route.name in ENDED else (200, 303)
            assert answer.status in expected, (route.name, answer.status, answer.text[:500])
            assert not answer.headers.get("Location", "").startswith(DOORS), route.name
    later = {"starts_at": world.plan()["ends_at"], "ends_at": wire(await world.db.fetchval("SELECT now() + '1 day'"))}
    planned = await world.staff_call("POST", "", world.plan(**later), who=world.own)
    assert planned.status == 201, planned
