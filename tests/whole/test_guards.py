"""What every answer carries to keep people safe: policies on pages, flags on cookies, nothing secret in the log."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlencode

import pytest

from server.http.routes import Route
from tests.whole.world import Heard, World

INLINE = re.compile(r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|href\s*=\s*["']\s*javascript:""", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
FORM = re.compile(r"<form\b[^>]*\bmethod=[\"']?post[\"']?[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)


async def pages(world: World) -> list[tuple[Route, Heard]]:
    """Return every page as somebody sees it who may."""
    found = []
    for route in world.app.routes:
        if route.page and route.method == "GET":
            item_id = world.draft_id if route.path.endswith("/new") else world.sale_id
            answer = await world.ask("GET", world.path(route, item_id=item_id), world.entitled(route))
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                found.append((route, answer))
    return found


async def test_pages_carry_a_strict_policy_and_obey_it(world: World) -> None:
    seen = await pages(world)
    assert len(seen) > 30
    nonces = set()
    for route, answer in seen:
        policy = answer.headers["Content-Security-Policy"]
        for word in ("unsafe-inline", "unsafe-eval", "data: ;", "*"):
            assert word not in policy, (route.name, policy)
        for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert rule in policy, (route.name, policy)
        nonce = re.search(r"'nonce-([^']+)'", policy)
        assert nonce, route.name
        nonces.add(nonce[1])
        assert answer.headers["X-Content-Type-Options"] == "nosniff", route.name
        assert answer.headers["X-Frame-Options"] == "DENY", route.name
        assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin"), route.name
        assert not INLINE.search(answer.text), (route.name, INLINE.search(answer.text))
        for attributes in SCRIPT.findall(answer.text):
            inert = 'type="application/json"' in attributes
            assert inert or f'nonce="{nonce[1]}"' in attributes, (route.name, attributes)
    assert len(nonces) == len(seen)


async def test_every_form_that_writes_carries_its_pages_token(world: World) -> None:
    forms = [(route, form) for route, answer in await pages(world) for form in FORM.findall(answer.text)]
    assert len(forms) > 10
    for route, form in forms:
        assert 'name="csrf_token"' in form, (route.name, form[:300])


async def test_cookies_are_out_of_scripts_reach(world: World) -> None:
    phone = "13911110000"
    await world.ask("POST", "/api/v1/auth/codes", {}, json={"phone": phone})
    code = (await world.ask("GET", f"/sandbox/inbox?to={phone}", {"Accept": "application/json"})).body[0]["code"]
    visitor = {"Cookie": "lf_visitor=v", "X-CSRF-Token": world.app.sessions.csrf("v")}
    sent = {**visitor, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await world.ask("POST", "/login", sent, data=urlencode({"account": phone, "code": code}))
    assert answer.status == 303, answer.text[:300]
    given = [value for name, value in answer.headers.items() if name == "Set-Cookie"]
    assert any(cookie.startswith("lf_member=") for cookie in given)
    for cookie in given:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
    for to in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"):
        await world.ask("POST", "/api/v1/auth/codes", {}, json={"phone": phone})
        code = (await world.ask("GET", f"/sandbox/inbox?to={phone}", {"Accept": "application/json"})).body[0]["code"]
        answer = await world.ask("POST", "/login", sent, data=urlencode({"account": phone, "code": code, "next": to}))
        if answer.status == 422:
            continue  # refused altogether
        assert answer.status == 303, (to, answer.text[:300])
        assert re.match(r"/(?![/\\\\])", answer.headers["Location"]), to
        assert "evil.example" not in answer.headers["Location"], to


async def test_the_log_keeps_no_secret(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # requests that go well are only logged then
    phone, password = "13911112222", "a password that nobody guesses"
    await world.ask("POST", "/api/v1/auth/codes", {}, json={"phone": phone})
    code = (await world.ask("GET", f"/sandbox/inbox?to={phone}", {"Accept": "application/json"})).body[0]["code"]
    session = await world.ask("POST", "/api/v1/auth/sessions", {}, json={"phone": phone, "code": code})
    token = session.body["token"]
    await world.ask("GET", "/api/v1/me", {"Authorization": f"Bearer {token}"})
    await world.ask("GET", "/me", {"Cookie": f"lf_member={token}"})
    await world.ask("POST", "/api/v1/auth/sessions", {}, json={"account": phone, "password": password})
    await world.ask("POST", "/api/v1/staff/sessions", {}, json={"account": "admin", "password": password})
    ticket = await world.ticket(world.sale_id, world.bob)
    await world.attempt(world.sale_id, world.alice, ticket=ticket)
    await world.ask("GET", "/login?next=/me", {})
    out, err = capfd.readouterr()
    assert "/api/v1/auth/sessions" in out + err
    for secret in (token, password, phone, ticket, world.app.sessions.csrf(token)):
        assert secret not in out + err


async def test_who_exists_cannot_be_asked(world: World) -> None:
    """A wrong password answers the same for those who are members and those who are not; so does asking for a code."""
    known = await world.db.fetchval("SELECT phone FROM members WHERE id = $1", world.alice.id)
    for path, bodies in (
        ("/api/v1/auth/sessions", [{"account": one, "password": "wrong"} for one in (known, "13999999999")]),
        ("/api/v1/auth/codes", [{"phone": one} for one in (known, "13999999998")]),
        ("/api/v1/staff/sessions", [{"account": one, "password": "wrong"} for one in ("staff1", "no-such-staff")]),
    ):
        first, second = [await world.ask("POST", path, {}, json=body) for body in bodies]
        assert (first.status, first.raw) == (second.status, second.raw), path
