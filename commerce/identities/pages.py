"""The pages of logging in with an identity: away, back, and the phone that a new one has to prove."""

from __future__ import annotations

import contextlib
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from commerce.credentials import local_path
from commerce.identities import go, log_in
from commerce.identities.bind import bind, unbind
from commerce.identities.provider import Provider, Providers
from commerce.identities.types import Arrival, ArrivalEnded, IdentityTaken, Party
from commerce.members.api import visitor_of
from commerce.members.codes import send_code, wait_for
from commerce.members.contact_pages import own
from commerce.members.errors import CodeWrong
from commerce.members.pages import HOME, let_in, told
from commerce.members.proof import prove, send_proof, wait_for_proof, ways
from commerce.members.proof_form import ProofForm, missing, proof_of
from commerce.members.targets import phone_of
from commerce.members.types import Member
from server.errors import Invalid, NotFound, Problem, RateLimited
from server.http import Anyone, Body, Call, LoggedIn, Routes
from server.http.pages import Page, Redirect

routes = Routes("identities")
BROWSER, ARRIVAL = "lf_identity", "lf_arrival"
"""Cookies: the secret that a state belongs to, and the secret of somebody who has yet to prove a phone."""
SECURITY = "/me/security"


class Way(Body, frozen=True, kw_only=True):
    """Where to go after logging in."""

    next: Annotated[str, Meta(max_length=2000)] = ""


class Back(Body, frozen=True, kw_only=True):
    """What a provider sends a browser back with; nothing but the state when the person refused."""

    code: Annotated[str, Meta(max_length=512)] = ""
    state: Annotated[str, Meta(max_length=512)] = ""
    usercancel: Annotated[str, Meta(max_length=8)] = ""


class PhoneForm(Body, frozen=True, kw_only=True):
    """The phone that an identity is bound to; what is missing is told beside its field."""

    account: Annotated[str, Meta(max_length=40)] = ""
    code: Annotated[str, Meta(max_length=12)] = ""


@routes.page("/login/with/{party}", Anyone(), limit="60/minute")
async def leave(call: Call, party: str, query: Way) -> Redirect:
    """Send a browser to a provider to log in; whoever is logged in goes on."""
    provider = call.resource(Providers).of(party)
    way = local_path(query.next, HOME)
    return Redirect(way) if call.session is not None else await _send(call, provider, None, way)


@routes.page("/me/identities/{party}/bind", LoggedIn())
async def show_bind(call: Call, party: str) -> Page:
    """Ask for a proof before a browser is sent to a provider to bind an identity: it is a way in for good."""
    return await _bind(call, call.resource(Providers).of(party), await own(call), ProofForm())


@routes.page("/me/identities/{party}/proof", LoggedIn(), "POST", limit="60/minute")
async def ask_proof(call: Call, party: str) -> Page:
    """Send a code to the account's own phone or mail address and show the form again."""
    provider, form, member = call.resource(Providers).of(party), await call.form(ProofForm), await own(call)
    try:
        await send_proof(call.app, member, proof_of(member, form).by, call.address, call.tr)
    except Problem as problem:
        return await _bind(call, provider, member, form, {"code": told(call, problem)}, status=problem.status)
    return await _bind(call, provider, member, form)


@routes.page("/me/identities/{party}/bind", LoggedIn(), "POST", limit="30/minute")
async def leave_to_bind(call: Call, party: str) -> Page | Redirect:
    """Send a browser to a provider to bind an identity, or show the form again with what is wrong."""
    provider, form, member = call.resource(Providers).of(party), await call.form(ProofForm), await own(call)
    proof = proof_of(member, form)
    if faults := missing(call, proof):
        return await _bind(call, provider, member, form, faults, status=422)
    try:
        proven = await prove(call.app, member, proof)
        async with call.transaction() as connection:
            await proven.use(connection)
    except Problem as problem:
        return await _bind(call, provider, member, form, {problem.field or "code": told(call, problem)}, problem.status)
    return await _send(call, provider, member.id, SECURITY)


async def _bind(
    call: Call,
    provider: Provider,
    member: Member,
    form: ProofForm,
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> Page:
    by = proof_of(member, form).by
    values = {
        "form": form,
        "party": provider.party,
        "title": provider.title,
        "ways": ways(member),
        "by": by,
        "faults": faults or {},
        "waits": {"proof": await wait_for_proof(call.app, member, by)},
    }
    there = urlsplit(provider.authorize_url("", go.redirect_uri(call.app, provider)))
    return Page("identities/bind.html", values, status=status, forms=(f"{there.scheme}://{there.netloc}",))


async def _send(call: Call, provider: Provider, member_id: int | None, way: str) -> Redirect:
    browser = call.request.cookies.get(BROWSER, "") or secrets.token_urlsafe(24)
    address = await go.send(call.app, provider, browser, member_id, way)
    call.set_cookie(BROWSER, browser, go.LASTS)
    return Redirect(address)


@routes.page("/login/with/{party}/back", Anyone(), limit="60/minute", deadline=20.0)
async def come_back(call: Call, party: str, query: Back) -> Page | Redirect:
    """Log in, or bind, or say why not."""
    provider = call.resource(Providers).of(party)
    browser = call.request.cookies.get(BROWSER, "")
    try:
        sent, profile = await go.receive(call.app, provider, browser, query.state, query.code)
        if sent.member_id is not None:
            if call.session is None or call.member.id != sent.member_id:
                return Redirect("/login?next=" + SECURITY)
            await bind(call.app, sent.member_id, profile, provider.title)
            return Redirect(SECURITY + "?done=bound")
        entered = await log_in.log_in(call.app, profile, sent.way, visitor_of(call), provider.title)
    except Problem as problem:
        return _failed(call, provider, problem)
    if isinstance(entered, str):
        call.set_cookie(ARRIVAL, entered, log_in.ARRIVAL_LASTS)
        return Redirect("/login/phone")
    return await let_in(call, entered, sent.way)


def _failed(call: Call, provider: Provider, problem: Problem) -> Page:
    """Return the page that says why it did not work and leads to another try or another way."""
    known = call.session is not None
    values = {
        "message": problem.shown_as(call.tr),
        "title": provider.title,
        "again": f"/me/identities/{provider.party}/bind" if known else f"/login/with/{provider.party}",
        "back": SECURITY if known else "/login",
        "taken": isinstance(problem, IdentityTaken),
    }
    return Page("identities/failed.html", values, status=problem.status, headers=problem.headers)


@routes.page("/login/phone", Anyone())
async def show_phone(call: Call) -> Page | Redirect:
    """Ask for the phone that a new identity is bound to."""
    try:
        return await _phone(call, await _arrival(call), PhoneForm())
    except ArrivalEnded:
        return Redirect(HOME if call.session is not None else "/login")


@routes.page("/login/phone/code", Anyone(), "POST")
async def ask_for_code(call: Call) -> Page:
    """Send a code and show the form again."""
    form = await call.form(PhoneForm)
    arrival = await _arrival(call)
    try:
        await send_code(call.app, phone_of(form.account, "account"), call.address, call.tr)
    except RateLimited as problem:
        return await _phone(call, arrival, form, {"code": told(call, problem)}, status=429)
    except Problem as problem:
        return await _phone(call, arrival, form, {"account": told(call, problem)}, status=problem.status)
    return await _phone(call, arrival, form, sent=True)


@routes.page("/login/phone", Anyone(), "POST", limit="120/minute")
async def bind_phone(call: Call) -> Page | Redirect:
    """Bind the identity to the phone's account and log in, or show the form again with what is wrong."""
    form = await call.form(PhoneForm)
    arrival = await _arrival(call)
    missing = [name for name, value in (("account", form.account), ("code", form.code)) if not value]
    if missing:
        return await _phone(call, arrival, form, dict.fromkeys(missing, call.tr("必填")), status=422)
    title = call.resource(Providers).of(arrival.provider).title
    secret = call.request.cookies.get(ARRIVAL, "")
    try:
        target = phone_of(form.account, "account")
        entered, way = await log_in.log_in_with_phone(call.app, secret, target, form.code, visitor_of(call), title)
    except ArrivalEnded:
        raise
    except Problem as problem:
        field = "code" if isinstance(problem, CodeWrong) else "account"
        return await _phone(call, arrival, form, {field: told(call, problem)}, status=problem.status)
    call.set_cookie(ARRIVAL, None)
    return await let_in(call, entered, way)


async def _arrival(call: Call) -> Arrival:
    return await log_in.arrival_of(call.app, call.request.cookies.get(ARRIVAL, ""))


async def _phone(
    call: Call,
    arrival: Arrival,
    form: PhoneForm,
    faults: dict[str, str] | None = None,
    *,
    status: int = 200,
    sent: bool = False,
) -> Page:
    wait = 0
    with contextlib.suppress(Invalid):
        wait = await wait_for(call.app, phone_of(form.account, "account"))
    title = call.resource(Providers).of(arrival.provider).title
    values = {
        "form": form,
        "faults": faults or {},
        "sent": sent,
        "wait": wait,
        "title": title,
        "nickname": arrival.nickname,
    }
    return Page("identities/phone.html", values, status=status)


@routes.page("/me/identities/{party}/unbind", LoggedIn(), "POST")
async def unbind_mine(call: Call, party: str) -> Page | Redirect:
    """Unbind an identity."""
    provider = call.resource(Providers).of(party)
    try:
        await unbind(call.app, call.member.id, Party(party))
    except NotFound:
        pass  # it is gone, which is what was wanted
    except Problem as problem:
        return _failed(call, provider, problem)
    return Redirect(SECURITY + "?done=unbound")
