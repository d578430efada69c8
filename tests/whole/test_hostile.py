"""Bad input of every kind on every route: a 4xx that says what is wrong, no 5xx, and books that stay as they are."""

from __future__ import annotations

import gzip
import itertools
import re
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import msgspec
import pytest

from server.http import Body
from server.http.access import Anyone
from server.http.routes import Key, Route
from server.http.session import Kind
from tests.whole.test_access import forms
from tests.whole.world import Heard, World, refused

pytestmark = pytest.mark.usefixtures("untouched")
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
ATTEMPTS = "POST /api/v1/flash-sales/{item_id}/attempts"
ENDS_A_SESSION = {
    "DELETE /api/v1/auth/sessions/current",
    "DELETE /api/v1/staff/sessions/current",
    "POST /logout",
    "POST /backoffice/logout",
}
ENDS_OTHERS = {"POST /me/devices/others/end", "POST /api/v1/me/sessions/end-others"}
NEEDS_A_KEY = {
    ATTEMPTS,
    "POST /api/v1/backoffice/products",
    "POST /api/v1/backoffice/batches",
    "POST /api/v1/backoffice/batches/{batch_id}/undo",
    "POST /api/v1/backoffice/shelf-changes",
    "POST /api/v1/orders/{order_no}/cancel",
    "POST /api/v1/orders/{order_no}/payments",
    "POST /api/v1/backoffice/refunds/{refund_no}/retry",
    "POST /api/v1/backoffice/flash-sales",
    "POST /api/v1/backoffice/flash-sales/{item_id}/publish",
    "POST /api/v1/backoffice/flash-sales/{item_id}/pause",
    "POST /api/v1/backoffice/flash-sales/{item_id}/resume",
    "POST /api/v1/backoffice/flash-sales/{item_id}/end",
}
"""Every POST that creates or moves money, stock or state."""
VALUES = [
    *("null", "true", "false", "0", "-1", "1.5", "1000000000000", str(10**30), "1e400", "-1e400", "9" * 400),
    *('""', r'"\u0000"', r'"a\u0000b"', r'"\ud800"', f'"{"x" * 5000}"', '"1e3"', f'"{"9" * 18}"', f'"{"9" * 19}"'),
    *('"%00"', '"\' OR 1=1 --"', '"<script>"', '"NaN"', "NaN", "Infinity", "[]", "{}", "[[[]]]", '[{"a":1}]'),
    *('"2026-02-30T00:00:00Z"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2026-01-01T00:00:00"'),
]
BOMB = gzip.compress(b" " * 5_000_000)
NOT_PACKED = (b"no such thing", b"\x1f\x8b\x08", b"", BOMB)
_keys = itertools.count(1)


def body_of(world: World, route: Route) -> dict[str, Any]:
    """Return what each route reads; where it would move money or stock, the state of things forbids it."""
    later = {"title": "坏", "price": 990, "quantity": 1, "limit_per_member": 1, "pay_within_s": 60, "challenge": "none"}
    window = {name: world.plan()[name] for name in ("starts_at", "ends_at")}
    address = {"name": "甲", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号", "is_default": False}
    found: dict[str, dict[str, Any]] = {
        "POST /api/v1/auth/codes": {"phone": "13800001111"},
        "POST /api/v1/auth/sessions": {"phone": "13800001111", "code": "000000"},
        "PATCH /api/v1/me": {"nickname": "甲的昵称"},
        "POST /api/v1/me/proof-codes": {"by": "phone"},
        "POST /api/v1/addresses/readings": {"text": "甲 13800000000 上海市徐汇区路 1 号"},
        "POST /api/v1/me/phone": {
            "phone": "13800001112", "code": "000000", "proof": {"by": "password", "password": "not hers", "code": ""},
        },
        "POST /api/v1/me/email": {
            "email": "x@example.cn", "code": "000000", "proof": {"by": "password", "password": "not hers", "code": ""},
        },
        "POST /api/v1/me/merges": {"offer": "none"},
        "POST /api/v1/me/pay-password": {
            "new": "135791", "proof": {"by": "password", "password": "not hers", "code": ""},
        },
        "POST /api/v1/me/departure": {"proof": {"by": "password", "password": "not hers", "code": ""}},
        # Too weak to be taken, and the present one is another: nobody's session ends.
        "POST /api/v1/me/password": {"old": "not hers", "new": "weak"},
        "POST /api/v1/staff/me/otp": {"password": "not hers"},
        "POST /api/v1/staff/me/otp/confirm": {"otp": "000000"},
        "POST /api/v1/staff/me/otp/codes": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/otp/off": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/password": {"old": "not hers", "new": "weak"},
        "POST /api/v1/addresses": address,
        "PATCH /api/v1/addresses/{address_id}": address,
        "POST /api/v1/staff/sessions": {"account": "nobody", "password": "nothing", "otp": "000000"},
        # No such brand: nothing is added.
        "POST /api/v1/backoffice/products": {
            "shop_id": str(world.shop_id), "category_id": "1", "brand_id": "99999999", "title": "坏", "subtitle": "坏",
            "slug": "bad", "description": "坏", "tags": [], "parameters": [["坏", "坏"]], "attributes": {},
            "pictures": ["/media/u/x.webp"], "alts": {}, "spec_names": ["色"], "status": "off",
            "skus": [{"code": "BAD-1", "specs": {"色": "坏"}, "price": 100}],
        },
        # No such product: nothing is changed.
        "POST /api/v1/backoffice/batches": {"product_ids": ["99999999"], "edit": {"status": "on"}},
        "POST /api/v1/backoffice/shelf-changes": {
            "product_id": "99999999", "status": "on", "at": world.plan()["ends_at"],
        },
        "PATCH /api/v1/backoffice/products/{product_id}": {
            "status": "on", "subtitle": "坏", "description": "坏", "tags": ["坏"], "parameters": [["坏", "坏"]],
            "attributes": {}, "pictures": [], "alts": {},
        },
        "POST /api/v1/orders/{order_no}/cancel": {"reason": "不要了"},
        "PATCH /api/v1/orders/{order_no}": {"address_id": str(world.address_id)},
        "POST /api/v1/orders/{order_no}/payments": {"method": "alipay"},
        "POST /api/v1/me/favourites": {"product_id": str(world.product_id)},
        "POST /api/v1/me/favourites/remove": {"product_ids": ["1"]},
        "PUT /api/v1/me/footprints/recording": {"on": True},
        "POST /api/v1/me/messages/read": {"category": "order"},
        "PUT /api/v1/me/messages/preferences": {
            "channels": {"promotion": {"in_app": True, "sms": False, "email": False}}, "muted": [],
            "quiet": {"on": True, "start": "22:00", "end": "08:00"}, "language": "zh-CN",
        },
        "POST /sandbox/alipay/pay": {
            "payment_no": "1", "outcome": "failed", "amount": 1, "delay_s": 0, "times": 1,
        },
        "POST /sandbox/alipay/refusals": {"payment_no": "1", "reason": "ACQ.TRADE_NOT_ALLOW_REFUND", "times": 1},
        ATTEMPTS: {"ticket": "x" * 116, "quantity": 1, "answer": "1"},
        "POST /api/v1/backoffice/flash-sales": {"sku_id": str(world.sku_id), **later, **window},
        "PATCH /api/v1/backoffice/flash-sales/{item_id}": {**later, **window},
    }  # fmt: skip
    return found[route.name]


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


async def test_bodies_that_are_none(world: World) -> None:
    """Whatever the route, and before anything is looked at."""
    deep = b'{"a":' * 3000 + b"1" + b"}" * 3000
    broken = [b"", b"{", b"}", b'{"a":1,}', b"{'a':1}", b"\xff\xfe{\x00}\x00", b'{"a":"\xff"}', b'{"a" 1}', b"\x00"]
    no_object = [b"null", b"[]", b"5", b'"x"', b"true", b"[" * 1900 + b"]" * 1900, deep]
    for route in with_body(world):
        good = msgspec.json.encode(body_of(world, route))
        for data in (*broken, good[:-1], good + b"x", good.replace(b'"', b'"\xed\xa0\x80', 1)):
            error = refused(await send(world, route, data), 400, 413, 422)
            assert error["code"] in ("bad_json", "too_large", "invalid"), (route.name, data[:50], error)
        for data in no_object:
            error = refused(await send(world, route, data), 400, 413, 422)
        error = refused(await send(world, route, b'{"no_such_field":1,' + good[1:]), 422)
        assert error["field"] == "no_such_field", route.name
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
            "",
            "multipart/form-data",
            "x",
        ):
            refused(await send(world, route, good, {"Content-Type": kind}), 415)


async def test_bodies_that_are_too_large(world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(90):
            yield b" " * 1000

    for route in world.app.routes:
        if route.method in ("POST", "PATCH") and not route.raw and route.most == 65_536:
            reads = route.body is not None or route.key in (Key.REQUIRED, Key.OPTIONAL)
            declared = await send(world, route, b" " * 90_000, FORM if route.page else JSON)
            assert declared.status in ((413,) if route.name not in ENDS_A_SESSION else (303, 413)), route.name
            if reads:
                refused(declared, 413)
                refused(await send(world, route, chunks()), 413)
    attempts = next(route for route in with_body(world) if route.name == ATTEMPTS)
    refused(await send(world, attempts, b" " * 3000), 413)
    refused(await send(world, attempts, chunks()), 413)


async def test_fields_of_every_wrong_kind(world: World) -> None:
    """What the published schema forbids is refused by the field's name; what it allows breaks nothing."""
    paths = (await world.ask("GET", "/api/v1/openapi.json", {})).body
    for route in with_body(world):
        good = body_of(world, route)
        content = paths["paths"].get(route.path, {}).get(route.method.lower(), {}).get("requestBody")
        schema = content["content"]["application/json"]["schema"] if content else {}
        allows = jsonschema_rs.Draft202012Validator({**schema, "components": paths["components"]})
        for name, value in itertools.product(good, VALUES):
            rest = {field: one for field, one in good.items() if field != name}
            data = msgspec.json.encode(rest)[:-1] + b", " * bool(rest) + f'"{name}":{value}}}'.encode()
            answer = await send(world, route, data)
            told = (route.name, name, value[:40], answer.status, answer.text[:300])
            if answer.status < 300:
                assert content, told
                assert allows.is_valid(msgspec.json.decode(data)), told
                continue
            error = refused(answer)
            if answer.status == 422:
                assert re.split(r"[.[]", error["field"])[0] in good, told


async def test_fields_that_are_missing_or_twice(world: World) -> None:
    for route in with_body(world):
        good = body_of(world, route)
        kind = route.body
        needed = [field.encode_name for field in msgspec.structs.fields(kind) if field.required] if kind else ["ticket"]
        for name in needed:
            error = refused(await send(world, route, msgspec.json.encode({k: v for k, v in good.items() if k != name})))
            assert error.get("field") == name, route.name
        whole = msgspec.json.encode(good)
        error = refused(await send(world, route, whole[:-1] + b"," + whole[1:]))
        if route.name != ATTEMPTS:  # which reads each body once, and takes the last
            assert error["field"] == next(iter(good)), route.name


async def test_ids_that_are_none(world: World) -> None:
    ids = [
        *("0", "-1", "abc", "1.0", "1e3", "+1", "0x1", "%20", "%00", "1%00", "%0a", "9" * 18, "9" * 19, "9" * 400),
        *("%EF%BC%91", "%D9%A1", "%FF", "%ED%A0%80", "..%2F..%2Fetc", "%2e%2e", "'", "a" * 3000, "%E7%94%B2", "%25"),
    ]
    for route in world.app.routes:
        data = None
        if route.method in ("POST", "PATCH") and not route.page and route in with_body(world):
            data = msgspec.json.encode(body_of(world, route))
        for name, value in itertools.product(route.params, ids):
            path = world.path(route, **{"order_no": world.dead_no, name: value})
            answer = await send(world, route, data, FORM if route.page and route.method == "POST" else None, path)
            told = (route.name, value[:40], answer.status, answer.text[:300])
            if route.path.endswith("/reminder") and answer.status in (200, 303):
                continue  # nothing to forget
            if route.page:
                assert 400 <= answer.status < 500 or (answer.status == 303 and name == "locale"), told
            elif route.params[name] is int or name != "attempt_id":
                real = route.name == ATTEMPTS and value in ("0", "9" * 18)
                assert answer.status == (403 if real else 404), told
                assert refused(answer)["code"] == ("ticket_invalid" if real else "not_found"), told
            else:
                refused(answer)


async def test_methods_that_are_none(world: World) -> None:
    for path in {route.path for route in world.app.routes}:
        routes = [route for route in world.app.routes if route.path == path]
        declared = {route.method for route in routes} | ({"HEAD"} if any(r.method == "GET" for r in routes) else set())
        for method in {"PUT", "PATCH", "DELETE", "POST", "GET", "OPTIONS", "TRACE"} - declared:
            answer = await world.ask(method, path_of(world, routes[0]), {**world.staff.headers, **JSON})
            told = (method, path, answer.status, answer.text[:300])
            if answer.status != 405:  # another route's placeholder takes the address
                assert taken(world, method, path), told
                assert 400 <= answer.status < 500, told
                continue
            assert refused(answer)["code"] == "method_not_allowed", told
            assert declared - {"HEAD"} <= set(answer.headers["Allow"].split(", ")), told


def taken(world: World, method: str, path: str) -> bool:
    """Tell whether another route of ``method`` has a placeholder where ``path`` has a word."""
    patterns = (re.sub(r"{[^}]*}", "[^/]+", one.path) for one in world.app.routes if one.method == method)
    return any(re.fullmatch(pattern, path) for pattern in patterns)


async def test_keys_that_are_none(world: World) -> None:
    needing = set()
    for route in world.app.routes:
        if route.method != "POST" or route.page or (route.key is Key.OWN and route.name not in NEEDS_A_KEY):
            continue
        if (route.raw and route.name != ATTEMPTS) or isinstance(route.access, Anyone):
            continue
        data = msgspec.json.encode(body_of(world, route)) if route in with_body(world) else b""
        for key in ("", " ", "a b", "a" * 65, "a" * 5000, "\xe9", "\t"):
            error = refused(await send(world, route, data, {"Idempotency-Key": key}), 422)
            assert error["field"] == "Idempotency-Key", route.name
        headers = {**JSON, **world.entitled(route)}
        answer = await world.ask(route.method, path_of(world, route), headers, data=data)
        if answer.status == 422 and answer.body["error"].get("field") == "Idempotency-Key":
            needing.add(route.name)
    assert needing == NEEDS_A_KEY


async def test_a_browser_without_its_pages_token_writes_nothing(world: World) -> None:
    for route in world.app.routes:
        if route.method == "GET" or isinstance(route.access, Anyone):
            continue
        who = world.staff if route.realm is Kind.STAFF else world.alice
        cookie = {"Cookie": f"{'lf_staff' if route.realm is Kind.STAFF else 'lf_member'}={who.token}"}
        data = msgspec.json.encode(body_of(world, route)) if route in with_body(world) else b""
        for token in (None, "", "x", world.app.sessions.csrf("another"), "\xe9", "a" * 5000):
            headers = cookie | {"Idempotency-Key": "csrf"} | ({} if token is None else {"X-CSRF-Token": token})
            kind = FORM if route.page else JSON
            answer = await world.ask(route.method, path_of(world, route), {**kind, **headers}, data=data)
            assert answer.status == 403, (route.name, answer.status)
            if not route.page:
                assert refused(answer)["code"] == "csrf_failed"


async def test_headers_that_make_no_sense(world: World) -> None:
    odd = [
        *(
            {"Accept-Language": value}
            for value in ("", "*", ";;;", "zz;q=9", "en;q=abc", "x" * 5000, "\xe9", ",,,", "en-")
        ),
        *({"Accept": value} for value in ("", "x", "text/html;q=zz", "\xe9", "*/*;" * 500)),
        *(
            {"Cookie": value}
            for value in ("", "lf_member", "lf_member=\xff", 'lf_member="', "lf_visitor=\xe9", "=" * 3000)
        ),
        *({"Origin": value} for value in ("null", "http://evil.example", "x")),
        *({"X-Forwarded-For": value} for value in ("", "x", "1.2.3.4, x", "::1%eth0", "," * 500)),
        *({"Host": value} for value in ("evil.example", "a:b", "[::1", "a b")),
        *({"If-None-Match": value} for value in ("x", '"' * 100, "\xe9")),
        *({"Range": value} for value in ("bytes=5-1", "x", "bytes=-99999999999999999999")),
        *({"HX-Request": "true", "HX-Target": value} for value in ("x", "\xe9")),
        {"User-Agent": "\xe9" * 3000},
    ]
    paths = ["/api/v1/flash-sales", "/api/v1/me", "/", "/flash-sales", f"/flash-sales/{world.sale_id}", "/login"]
    paths += ["/static/css/app.css", "/media/u/none.webp", "/healthz", "/api/docs", "/search?q=x", "/language/en"]
    for path, headers in itertools.product(paths, odd):
        answer = await world.ask("GET", path, headers)
        assert answer.status < 500, (path, headers, answer.text[:300])
    for headers in odd:
        answer = await world.ask("POST", "/api/v1/auth/codes", {**headers, **JSON}, data=b'{"phone":"x"}')
        assert refused(answer)["message"], headers


async def test_bodies_that_do_not_unpack(world: World) -> None:
    for route in world.app.routes:
        if route.method in ("POST", "PATCH") and route.name not in ENDS_A_SESSION:
            for coding, data in itertools.product(
                ("gzip", "deflate", "br"), (b"no such thing", b"\x1f\x8b\x08", b"", BOMB)
            ):
                kind = FORM if route.page else JSON
                more = {"Content-Encoding": coding, "Connection": "close"}
                answer = await send(world, route, data, {**kind, **more})
                assert answer.status < 500, (route.name, coding, answer.status, answer.text[:300])


async def test_queries_that_make_no_sense(world: World) -> None:
    values = ("", "%00", "a%00b", "%FF", "%ED%A0%80", "-1", "9" * 30, "x" * 3000, "%")
    always = ["%00=%00", "x=%00", "page=1&page=%00", "=".join("a" * 50), "%ED%A0%80=%zz"]
    for route in world.app.routes:
        if route.method != "GET" or route.path == "/socket.io/":
            continue
        known = {field.encode_name for field in msgspec.structs.fields(route.query)} if route.query else set()
        names = sorted(known | READ_BY_HAND.get(route.path, set()))
        queries = [*always, *(f"{name}={value}" for name, value in itertools.product(names, values))]
        queries += [f"{name}=a&{name}=%00" for name in names]
        for query in queries:
            answer = await send(world, route, None, path=f"{path_of(world, route)}?{query}")
            told = (route.name, query[:60], answer.status, answer.text[:300])
            assert answer.status < 500, told
            if answer.status >= 400 and not route.page and not route.raw:
                refused(answer)


LIST = ("q", "brand", "tag", "attr", "category", "sort", "page", "low", "high", "in_stock", "view")
READ_BY_HAND = {
    **{path: {"next", "to"} for path in ("/login", "/register", "/backoffice/login", "/language/{locale}")},
    "/search": set(LIST),  # the same reader serves categories and shops
    "/flash-sales": {"at", "day"},
    "/api/v1/regions": {"q", "parent", "code"},
}
"""What pages read of their query without a struct."""


def names_of(route: Route) -> set[str]:
    """Return the fields of the forms that the route's module knows, and perhaps of some that the route does not."""
    known = vars(sys.modules[route.handler.__module__]).values()
    structs = [one for one in known if isinstance(one, type) and issubclass(one, Body)]
    return {field.encode_name for one in structs for field in msgspec.structs.fields(one)}


async def test_forms_that_make_no_sense(world: World) -> None:
    values = ("%ED%A0%80", "%FF", "9" * 30, "x" * 5000, "a%00", "")
    rubbish = [
        (FORM, b"\xff\xfe\x00=\x00&&&=;"),
        (FORM, b"&" * 2000),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=no-such"}, b"a=b"),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}, b"a=b"),
        ({"Content-Type": "multipart/form-data"}, b"--x\r\n\r\n"),
        (MULTIPART, b"no such boundary"),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
        ),
        (JSON, b"{}"),
        ({"Content-Type": "text/plain"}, b"a=b"),
        ({"Content-Type": ""}, b"a=b"),
    ]
    visitor = {"Cookie": "lf_visitor=v", "X-CSRF-Token": world.app.sessions.csrf("v")}
    for route in world.app.routes:
        if not route.page or route.method != "POST" or route.name in ENDS_A_SESSION:
            continue
        more = visitor if isinstance(route.access, Anyone) else {}
        good = forms(world).get(route.name, {})
        fields = []
        for name, value in itertools.product(sorted({*good, *names_of(route)}), values):
            rest = urlencode({field: one for field, one in good.items() if field != name})
            fields.append(f"{rest}&{name}={value}".encode())
        for headers, data in (*((FORM, data) for data in fields), *rubbish):
            answer = await send(world, route, data, {**headers, **more})
            assert answer.status < 500, (route.name, data[:60], answer.status, answer.text[:300])


async def test_the_gateways_doors_take_no_rubbish(world: World) -> None:
    paid = await world.db.fetchval("SELECT payment_no FROM payments WHERE payment_no = $1", world.payment_no)
    told = f"out_trade_no={paid}&trade_status=TRADE_SUCCESS&total_amount=9.90&sign=eA%3D%3D&sign_type=RSA2&app_id=1"
    bodies = [
        b"",
        b"\xff",
        b"{}",
        b"a=%00",
        b"sign=%ED%A0%80",
        b"=" * 60_000,
        told.encode(),
        told.replace("9", "%00").encode(),
    ]
    for path in ("/api/v1/payments/alipay/notify", "/sandbox/alipay/gateway.do", "/socket.io/"):
        for data, kind in itertools.product(bodies, (FORM, JSON, {"Content-Type": "multipart/form-data"}, {})):
            answer = await world.ask("POST", path, kind, data=data)
            assert answer.status < 500, (path, data[:60], answer.status, answer.text[:300])
            assert answer.text != "success", (path, data[:60])
    assert not await world.db.fetchval("SELECT count(*) FROM gateway_messages WHERE verified")


async def test_pictures_that_are_none(world: World) -> None:
    path, form = "/api/v1/uploads", MULTIPART
    part = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n--x--\r\n'
    for headers, data in (
        (form, part % (b"file", b"a.png", b"<svg onload=alert(1)>")),
        (form, part % (b"file", b"../../a.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50)),
        (form, part % (b"file", b"a.png", b"GIF89a" + b"\xff" * 500)),
        (form, part % (b"other", b"a.png", b"x")),
        (form, part % (b"file", b"a.png", b"")),
        (form, b"--x"),
        (form, b""),
        ({"Content-Type": "multipart/form-data"}, b"x"),
        (JSON, b"{}"),
        ({"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n"),
    ):
        refused(await world.ask("POST", path, {**world.alice.headers, **headers}, data=data), 400, 415, 422)
    huge = part % (b"file", b"a.png", b"\x89PNG" + b"\x00" * 8_500_000)
    refused(await world.ask("POST", path, {**world.alice.headers, **form}, data=huge), 413)
