"""Who may call what: every route of the platform, as everybody who may not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from commerce.staff.types import Permission
from server.clock import wire
from server.http.access import Anyone, LoggedIn, StaffWith
from server.http.routes import Route
from server.http.session import Kind
from tests.whole.world import DOOR, NICKNAME, SECRET_TITLE, Heard, World

PUBLIC = {
    "the platform": [
        "GET /styleguide",
        "GET /language/{locale}",
        "GET /api/v1/openapi.json",
        "GET /api/docs",
        "GET /metrics",
    ],
    "realtime": ["POST /api/v1/realtime/tokens", "OPTIONS /socket.io/", "POST /socket.io/", "GET /socket.io/"],
    "doors": [
        "POST /api/v1/auth/codes",
        "POST /api/v1/auth/sessions",
        "POST /api/v1/staff/sessions",
        "GET /login",
        "GET /register",
        "POST /login",
        "POST /login/code",
        "POST /logout",
        "GET /api/v1/auth/providers",
        "GET /login/with/{party}",
        "GET /login/with/{party}/back",
        "GET /login/phone",
        "POST /login/phone",
        "POST /login/phone/code",
        "GET /backoffice/login",
        "POST /backoffice/login",
    ],
    "catalogue": [
        "GET /",
        "GET /api/v1/regions",
        "GET /api/v1/products",
        "GET /api/v1/products/{product_id}",
        "GET /media/{folder}/{name}",
        "GET /categories",
        "GET /categories/{slug}",
        "GET /search",
        "GET /api/v1/search/suggestions",
        "GET /api/v1/search/hot",
        "GET /shops/{slug}",
        "GET /products/{product_id}",
        "POST /favourites",
        "GET /api/v1/flash-sales",
        "GET /api/v1/flash-sales/{item_id}",
        "GET /flash-sales",
        "GET /flash-sales/{item_id}",
    ],
    "gateway": ["POST /api/v1/payments/alipay/notify", "GET /payments/{payment_no}/open"],
    "sandbox": [
        "GET /sandbox",
        "GET /sandbox/inbox",
        "GET /sandbox/alipay",
        "GET /sandbox/alipay/gateway.do",
        "POST /sandbox/alipay/gateway.do",
        "GET /sandbox/alipay/cashier/{token}",
        "POST /sandbox/alipay/cashier/{token}",
        "POST /sandbox/alipay/pay",
        "POST /sandbox/alipay",
        "POST /sandbox/alipay/refusals",
        "GET /sandbox/wechat",
        "POST /sandbox/wechat",
        "GET /sandbox/wechat/connect/qrconnect",
        "POST /sandbox/wechat/connect/qrconnect",
        "GET /sandbox/wechat/sns/oauth2/access_token",
        "GET /sandbox/wechat/sns/userinfo",
        "GET /sandbox/qq",
        "POST /sandbox/qq",
        "GET /sandbox/qq/oauth2.0/authorize",
        "POST /sandbox/qq/oauth2.0/authorize",
        "GET /sandbox/qq/oauth2.0/token",
        "GET /sandbox/qq/oauth2.0/me",
        "GET /sandbox/qq/user/get_user_info",
    ],
}
"""What anybody may call. Everything else needs a member, or staff with the permission below."""
OPEN = {name for names in PUBLIC.values() for name in names}

ANY_STAFF = ""
STAFF = {
    "DELETE /api/v1/staff/sessions/current": ANY_STAFF,
    "GET /api/v1/staff/me": ANY_STAFF,
    "POST /api/v1/staff/me/password": ANY_STAFF,
    "POST /api/v1/staff/me/otp": ANY_STAFF,
    "POST /api/v1/staff/me/otp/confirm": ANY_STAFF,
    "POST /api/v1/staff/me/otp/codes": ANY_STAFF,
    "POST /api/v1/staff/me/otp/off": ANY_STAFF,
    "GET /backoffice/security": ANY_STAFF,
    "POST /backoffice/security/password": ANY_STAFF,
    "POST /backoffice/security/otp": ANY_STAFF,
    "POST /backoffice/security/otp/confirm": ANY_STAFF,
    "POST /backoffice/security/otp/codes": ANY_STAFF,
    "POST /backoffice/security/otp/off": ANY_STAFF,
    "POST /backoffice/security/roles": "staff.manage",
    "POST /backoffice/logout": ANY_STAFF,
    "GET /backoffice": ANY_STAFF,
    "GET /backoffice/staff": "staff.manage",
    "GET /backoffice/members": "members.view",
    "POST /backoffice/members/{member_id}/ban": "members.manage",
    "POST /backoffice/members/{member_id}/unban": "members.manage",
    "GET /api/v1/backoffice/products": "products.view",
    "POST /api/v1/backoffice/products": "products.manage",
    "GET /api/v1/backoffice/products/{product_id}": "products.view",
    "PATCH /api/v1/backoffice/products/{product_id}": "products.manage",
    "GET /api/v1/backoffice/products/{product_id}/prices": "products.view",
    "POST /api/v1/backoffice/pictures": "products.manage",
    "POST /api/v1/backoffice/product-files": "products.manage",
    "GET /api/v1/backoffice/categories": "products.view",
    "GET /api/v1/backoffice/categories/{category_id}": "products.view",
    "GET /backoffice/categories": "catalogue.manage",
    "POST /backoffice/categories": "catalogue.manage",
    "POST /backoffice/categories/{category_id}": "catalogue.manage",
    "POST /backoffice/categories/{category_id}/attributes": "catalogue.manage",
    "GET /backoffice/brands": "catalogue.manage",
    "POST /backoffice/brands": "catalogue.manage",
    "POST /backoffice/brands/{brand_id}": "catalogue.manage",
    "GET /backoffice/product-files": "products.manage",
    "GET /backoffice/product-files/export": "products.view",
    "POST /backoffice/product-files": "products.manage",
    "POST /api/v1/backoffice/batches": "products.manage",
    "GET /api/v1/backoffice/batches/{batch_id}": "products.view",
    "POST /api/v1/backoffice/batches/{batch_id}/undo": "products.manage",
    "GET /api/v1/backoffice/shelf-changes": "products.view",
    "POST /api/v1/backoffice/shelf-changes": "products.manage",
    "DELETE /api/v1/backoffice/shelf-changes/{change_id}": "products.manage",
    "POST /backoffice/products/{product_id}/schedule": "products.manage",
    "GET /backoffice/shelf-changes": "products.view",
    "POST /backoffice/shelf-changes/{change_id}/cancel": "products.manage",
    "GET /backoffice/batches": "products.view",
    "POST /backoffice/batches": "products.manage",
    "GET /backoffice/batches/{batch_id}": "products.view",
    "POST /backoffice/batches/{batch_id}": "products.manage",
    "POST /backoffice/batches/{batch_id}/apply": "products.manage",
    "POST /backoffice/batches/{batch_id}/undo": "products.manage",
    "GET /backoffice/products": "products.view",
    "GET /backoffice/products/{product_id}": "products.view",
    "GET /backoffice/products/new": "products.manage",
    "POST /backoffice/products/new": "products.manage",
    "POST /backoffice/products/{product_id}": "products.manage",
    "POST /backoffice/products/{product_id}/status": "products.manage",
    "GET /backoffice/products/{product_id}/history": "products.view",
    "GET /backoffice/search": "catalogue.manage",
    "POST /backoffice/search/synonyms": "catalogue.manage",
    "POST /backoffice/search/synonyms/{synonyms_id}/remove": "catalogue.manage",
    "POST /backoffice/search/hot": "catalogue.manage",
    "GET /backoffice/ledger": "ledger.view",
    "GET /backoffice/messages": "messages.send",
    "POST /backoffice/messages": "messages.send",
    "GET /backoffice/refunds": "payments.view",
    "POST /backoffice/refunds/{refund_no}/retry": "payments.refund",
    "GET /api/v1/backoffice/refunds": "payments.view",
    "POST /api/v1/backoffice/refunds/{refund_no}/retry": "payments.refund",
    "GET /backoffice/orders": "orders.view",
    "GET /backoffice/orders/{order_no}": "orders.view",
    "POST /api/v1/backoffice/flash-sales": "flashsale.manage",
    "GET /api/v1/backoffice/flash-sales": "flashsale.view",
    "GET /api/v1/backoffice/flash-sales/{item_id}": "flashsale.view",
    "PATCH /api/v1/backoffice/flash-sales/{item_id}": "flashsale.manage",
    "POST /api/v1/backoffice/flash-sales/{item_id}/publish": "flashsale.manage",
    "POST /api/v1/backoffice/flash-sales/{item_id}/pause": "flashsale.manage",
    "POST /api/v1/backoffice/flash-sales/{item_id}/resume": "flashsale.manage",
    "POST /api/v1/backoffice/flash-sales/{item_id}/end": "flashsale.manage",
    "GET /api/v1/backoffice/flash-sales/{item_id}/verify": "flashsale.view",
    "GET /backoffice/flash-sales": "flashsale.view",
    "GET /backoffice/flash-sales/new": "flashsale.manage",
    "GET /backoffice/flash-sales/skus": "flashsale.manage",
    "POST /backoffice/flash-sales/new": "flashsale.manage",
    "GET /backoffice/flash-sales/{item_id}": "flashsale.view",
    "POST /backoffice/flash-sales/{item_id}": "flashsale.manage",
    "POST /backoffice/flash-sales/{item_id}/publish": "flashsale.manage",
    "POST /backoffice/flash-sales/{item_id}/pause": "flashsale.manage",
    "POST /backoffice/flash-sales/{item_id}/resume": "flashsale.manage",
    "POST /backoffice/flash-sales/{item_id}/end": "flashsale.manage",
    "GET /backoffice/flash-sales/{item_id}/live": "flashsale.view",
    "GET /backoffice/flash-sales/{item_id}/books": "flashsale.view",
}
PLATFORM = {
    "POST /backoffice/security/roles",
    "GET /backoffice/members",
    "POST /backoffice/members/{member_id}/ban",
    "POST /backoffice/members/{member_id}/unban",
    "GET /backoffice/ledger",
    "GET /backoffice/search",
    "POST /backoffice/search/synonyms",
    "POST /backoffice/search/synonyms/{synonyms_id}/remove",
    "POST /backoffice/search/hot",
    "GET /backoffice/messages",
    "POST /backoffice/messages",
    "GET /backoffice/categories",
    "POST /backoffice/categories",
    "POST /backoffice/categories/{category_id}",
    "POST /backoffice/categories/{category_id}/attributes",
    "GET /backoffice/brands",
    "POST /backoffice/brands",
    "POST /backoffice/brands/{brand_id}",
}
"""What belongs to no shop: staff of a shop are refused whatever they hold."""

DOORS = ("/login", "/backoffice/login")
LEADS_AWAY = {"GET /me/identities/{party}/bind"}
"""Pages that send a browser to another site."""
ENDED = {"GET /me/merge": 410, "GET /api/v1/me/merge-offers/{offer}": 404}
"""What there is only for who was made an offer, which this world has none of."""
_keys = itertools.count(1)


def bodies(world: World) -> dict[str, Any]:
    """Return what makes each route do its work, so that nothing but the caller is wrong."""
    return {
        "PATCH /api/v1/addresses/{address_id}": {"name": "乙"},
        "POST /api/v1/orders/{order_no}/cancel": {"reason": "乙不要了"},
        "PATCH /api/v1/orders/{order_no}": {"address_id": str(world.address_id)},
        "POST /api/v1/orders/{order_no}/payments": {"method": "alipay"},
        "POST /api/v1/backoffice/flash-sales": world.plan(),
        "PATCH /api/v1/backoffice/flash-sales/{item_id}": {"title": "乙店的"},
        "POST /api/v1/backoffice/products": {
            "shop_id": str(world.shop_id),
            "category_id": "1",
            "title": "乙",
            "skus": [{"code": "B-1", "price": 100}],
        },
        "PATCH /api/v1/backoffice/products/{product_id}": {"status": "off"},
        "POST /api/v1/backoffice/batches": {
            "product_ids": [str(world.product_id)],
            "edit": {"status": "off"},
        },
        "POST /api/v1/backoffice/shelf-changes": {
            "product_id": str(world.product_id),
            "status": "off",
            "at": world.plan()["ends_at"],
        },
        "PATCH /api/v1/me": {"nickname": "乙"},
        "POST /api/v1/me/proof-codes": {"by": "phone"},
        "POST /api/v1/addresses/readings": {"text": "甲 13800000000"},
        "POST /api/v1/me/phone": {"phone": "13800001112", "code": "0", "proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/email": {"email": "x@example.cn", "code": "0", "proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/merges": {"offer": "none"},
        "POST /api/v1/me/pay-password": {"new": "135791", "proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/departure": {"proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/favourites": {"product_id": str(world.product_id)},
        "POST /api/v1/me/favourites/remove": {"product_ids": [str(world.product_id)]},
        "PUT /api/v1/me/footprints/recording": {"on": True},
        "POST /api/v1/me/password": {"old": "not hers", "new": "a new password"},
        "POST /api/v1/staff/me/otp": {"password": "not hers"},
        "POST /api/v1/staff/me/otp/confirm": {"otp": "000000"},
        "POST /api/v1/staff/me/otp/codes": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/otp/off": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/password": {"old": "not hers", "new": "a new password"},
        "POST /api/v1/addresses": {"name": "乙", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号"},
    }


def forms(world: World) -> dict[str, dict[str, str]]:
    """Return the same of forms."""
    sale = {
        "sku_id": str(world.sku_id), "title": "乙店的", "price": "9.90", "quantity": "10", "limit_per_member": "1",
        "starts_at": "2037-01-01T10:00", "ends_at": "2037-01-01T11:00", "pay_within_s": "600", "challenge": "none",
    }  # fmt: skip
    return {
        "POST /backoffice/flash-sales/new": sale,
        "POST /backoffice/flash-sales/{item_id}": sale,
        "POST /orders/{order_no}/cancel": {"reason": "乙不要了"},
        "POST /orders/{order_no}/address": {"address_id": str(world.address_id)},
        "POST /orders/{order_no}/pay": {"method": "alipay"},
        "POST /backoffice/search/synonyms": {"words": "乙，丙"},
        "POST /backoffice/search/hot": {"words": "乙", "hidden": "1"},
        "POST /backoffice/members/{member_id}/ban": {"reason": "乙"},
        "POST /backoffice/members/{member_id}/unban": {"reason": "乙"},
        "POST /backoffice/products/{product_id}/status": {"status": "off"},
        "POST /backoffice/products/{product_id}/schedule": {"status": "off", "at": "2037-01-01T10:00"},
        "POST /backoffice/batches": {"ids": str(world.product_id)},
        "POST /backoffice/batches/{batch_id}": {"status": "off"},
        "POST /me/addresses/{address_id}": {
            "name": "乙", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号",
        },
    }  # fmt: skip


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


OF_A_MEMBER = {"order_no", "payment_no", "address_id", "attempt_id", "message_id", "session_id", "export_id"}
OF_A_SHOP = {"order_no", "item_id", "product_id", "refund_no", "batch_id", "change_id"}


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
