"""Bodies that are broken, too large, packed or of the wrong kind: a 4xx that says what is wrong, by the field."""

from __future__ import annotations

import gzip
import itertools
import re
from collections.abc import AsyncIterator

import jsonschema_rs
import msgspec
import pytest

from server.http.access import Anyone
from server.http.routes import Key
from tests.whole.bodies import ATTEMPTS, NEEDS_A_KEY, body_of
from tests.whole.calls import ENDS_A_SESSION, FORM, JSON, path_of, send, with_body
from tests.whole.world import World, refused

pytestmark = pytest.mark.usefixtures("untouched")
VALUES = [
    *("null", "true", "false", "0", "-1", "1.5", "1000000000000", str(10**30), "1e400", "-1e400", "9" * 400),
    *('""', r'"\u0000"', r'"a\u0000b"', r'"\ud800"', f'"{"x" * 5000}"', '"1e3"', f'"{"9" * 18}"', f'"{"9" * 19}"'),
    *('"%00"', '"\' OR 1=1 --"', '"<script>"', '"NaN"', "NaN", "Infinity", "[]", "{}", "[[[]]]", '[{"a":1}]'),
    *('"2026-02-30T00:00:00Z"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2026-01-01T00:00:00"'),
]
BOMB = gzip.compress(b" " * 5_000_000)
NOT_PACKED = (b"no such thing", b"\x1f\x8b\x08", b"", BOMB)


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
