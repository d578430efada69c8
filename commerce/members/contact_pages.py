"""Pages on which phone and mail address are changed, and two accounts become one."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

from msgspec import Meta

from commerce.members import merging, store
from commerce.members.api import visitor_of
from commerce.members.codes import send_code, wait_for
from commerce.members.contacts import change_contact
from commerce.members.errors import MergeHeld, MergeOffered, NewCodeWrong, ProofWrong
from commerce.members.pages import told
from commerce.members.proof import masked_mail, send_proof, wait_for_proof, ways
from commerce.members.proof_form import ProofForm, missing, proof_of
from commerce.members.targets import Target, email_of, masked, phone_of
from commerce.members.types import Member
from server.errors import Invalid, NotFound, Problem, RateLimited
from server.http import Body, Call, LoggedIn, Routes
from server.http.pages import Page, Redirect

routes = Routes("accounts")
SECURITY = "/me/security"
_OF = {"phone": phone_of, "email": email_of}


class ContactForm(ProofForm, frozen=True, kw_only=True):
    """The proof, the new phone or mail address, and its code; ``why`` as ``Why`` has it."""

    why: Literal["", "merge"] = ""
    to: Annotated[str, Meta(max_length=254)] = ""
    new_code: Annotated[str, Meta(max_length=12)] = ""


class OfferForm(Body, frozen=True, kw_only=True):
    """Which offer to merge is meant."""

    offer: Annotated[str, Meta(max_length=64)] = ""


class MergeForm(OfferForm, frozen=True, kw_only=True):
    """The offer that is taken, and which account stays."""

    stays: merging.Stays = "this"


class Why(Body, frozen=True, kw_only=True):
    """What somebody is about who adds a contact: ``merge`` who wants another account that has it."""

    why: Literal["", "merge"] = ""


async def own(call: Call) -> Member:
    """Return the member who calls."""
    async with call.database.connection() as connection:
        member = await store.member(connection, call.member.id)
    if member is None:
        raise NotFound
    return member


def target_of_kind(kind: str, text: str) -> Target:
    """Return what was typed as a phone or a mail address. Raises NotFound for another kind, Invalid (field ``to``)."""
    if kind not in _OF:
        raise NotFound
    return _OF[kind](text, "to")


@routes.page("/me/contact/{kind}", LoggedIn())
async def show_contact(call: Call, kind: str, query: Why) -> Page:
    """Show the form that adds or replaces a phone or a mail address."""
    return await _page(call, kind, await own(call), ContactForm(why=query.why))


@routes.page("/me/contact/{kind}/proof", LoggedIn(), "POST", limit="60/minute")
async def ask_proof(call: Call, kind: str) -> Page:
    """Send a code to the account's own phone or mail address and show the form again."""
    form, member = await call.form(ContactForm), await own(call)
    try:
        await send_proof(call.app, member, proof_of(member, form).by, call.address, call.tr)
    except Problem as problem:
        return await _page(call, kind, member, form, {"code": told(call, problem)}, status=problem.status)
    return await _page(call, kind, member, form)


@routes.page("/me/contact/{kind}/code", LoggedIn(), "POST", limit="60/minute")
async def ask_code(call: Call, kind: str) -> Page:
    """Send a code to the new phone or mail address and show the form again."""
    form, member = await call.form(ContactForm), await own(call)
    try:
        await send_code(call.app, target_of_kind(kind, form.to), call.address, call.tr)
    except NotFound:
        raise
    except RateLimited as problem:
        return await _page(call, kind, member, form, {"new_code": told(call, problem)}, status=429)
    except Problem as problem:
        return await _page(call, kind, member, form, {"to": told(call, problem)}, status=problem.status)
    return await _page(call, kind, member, form)


@routes.page("/me/contact/{kind}", LoggedIn(), "POST", limit="60/minute")
async def change(call: Call, kind: str) -> Page | Redirect:
    """Change it, or show the form again with what is wrong, or ask whether to merge."""
    form, member = await call.form(ContactForm), await own(call)
    proof = proof_of(member, form)
    empty = [name for name, value in (("to", form.to), ("new_code", form.new_code)) if not value]
    if faults := missing(call, proof) | dict.fromkeys(empty, call.tr("必填")):
        return await _page(call, kind, member, form, faults, status=422)
    try:
        target = target_of_kind(kind, form.to)
        merges = form.why == "merge"
        await change_contact(call.app, member.id, target, form.new_code, proof, call.tr, merging=merges)
    except NotFound:
        raise
    except MergeOffered as problem:
        return Redirect(f"/me/merge?offer={problem.details['offer']}")
    except (ProofWrong, NewCodeWrong) as problem:
        return await _page(
            call, kind, member, form, {problem.field or "code": told(call, problem)}, status=problem.status
        )
    except Problem as problem:
        return await _page(call, kind, member, form, {"to": told(call, problem)}, status=problem.status)
    return Redirect(f"{SECURITY}?done={kind}")


async def _page(
    call: Call, kind: str, member: Member, form: ContactForm, faults: dict[str, str] | None = None, *, status: int = 200
) -> Page:
    if kind not in _OF:
        raise NotFound
    by = proof_of(member, form).by
    waits = {"proof": await wait_for_proof(call.app, member, by)}
    with contextlib.suppress(Invalid):
        waits["new"] = await wait_for(call.app, target_of_kind(kind, form.to))
    old = masked(member.phone) if kind == "phone" and member.phone else ""
    if kind == "email" and member.email:
        old = masked_mail(member.email)
    values: dict[str, Any] = {
        "kind": kind,
        "old": old,
        "form": form,
        "ways": ways(member),
        "by": by,
        "faults": faults or {},
        "waits": waits,
    }
    return Page("members/contact.html", values, status=status)


@routes.page("/me/merge", LoggedIn())
async def show_merge(call: Call, query: OfferForm) -> Page:
    """Show both accounts and what happens when they become one."""
    return await _merge(call, query.offer)


async def _merge(call: Call, offer: str, stays: merging.Stays | None = None, status: int = 200) -> Page:
    two = await merging.look(call.app, call.member.id, offer)
    shown = [
        ("this", two.keeper, _contacts(two.keeper.phone, two.keeper.email), two.orders[0], *_ends(two, "this")),
        ("other", two.other, _contacts(two.other.phone, two.other.email), two.orders[1], *_ends(two, "other")),
    ]
    values = {"shown": shown, "against": two.against, "offer": offer, "stays": stays or two.stays}
    return Page("members/merge.html", values, status=status)


def _contacts(phone: str | None, email: str | None) -> str:
    return " · ".join(filter(None, (masked(phone) if phone else "", masked_mail(email) if email else "")))


def _ends(two: merging.Two, stays: merging.Stays) -> tuple[str, str]:
    """Return what logs in when this one stays, and what does no more."""
    after = two.contacts(stays)
    lost = [
        _contacts(each if each != after[0] else None, mail if mail != after[1] else None)
        for each, mail in ((two.keeper.phone, two.keeper.email), (two.other.phone, two.other.email))
    ]
    return _contacts(*after), " · ".join(filter(None, lost))


@routes.page("/me/merge", LoggedIn(), "POST", limit="60/minute")
async def merge(call: Call) -> Page | Redirect:
    """Merge the accounts, or show again what stands against it."""
    form = await call.form(MergeForm)
    try:
        done = await merging.merge(call.app, call.member.id, form.offer, call.tr, visitor_of(call), form.stays)
    except MergeHeld as problem:
        return await _merge(call, form.offer, form.stays, problem.status)
    if done.issued is not None:
        call.renew(done.issued)
    return Redirect(SECURITY + "?done=merged")
