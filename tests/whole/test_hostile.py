"""Bad addresses, headers, queries, forms and files on every route: a 4xx, no 5xx, and books that stay as they are."""

from __future__ import annotations

import itertools
import re
import sys
from urllib.parse import urlencode

import msgspec
import pytest

from server.http import Body
from server.http.access import Anyone
from server.http.routes import Route
from server.http.session import Kind
from tests.whole.bodies import ATTEMPTS, body_of, forms
from tests.whole.calls import ENDS_A_SESSION, FORM, JSON, MULTIPART, path_of, send, with_body
from tests.whole.world import World, refused

pytestmark = pytest.mark.usefixtures("untouched")


async def test_ids_that_are_none(world: World) -> None:
    ids = [
        *("0", "-1", "abc", "1.0", "1e3", "+1", "0x1", "%20", "%00", "1%00", "%0a", "9" * 18, "9" * 19, "9" * 400),
        *("%EF%BC%91", "%D9%A1", "%FF", "%ED%A0%80", "..%2F..%2Fetc", "%2e%2e", "'", "a" * 3000, "%E7%94%B2", "%25"),
    ]
    for route in world.app.routes:
        data = None
        if route.method in ("POST", "PATCH", "PUT") and not route.page and route in with_body(world):
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
