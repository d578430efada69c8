"""What keeps an account its owner's, over JSON: proof, phone and mail address, merging."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from commerce.credentials import TooManyTries
from commerce.members import merging
from commerce.members.api import visitor_of
from commerce.members.belongings import texts
from commerce.members.contact_pages import own
from commerce.members.contacts import change_contact
from commerce.members.errors import (
    MergeHeld,
    MergeOffered,
    NewCodeSpent,
    NewCodeWrong,
    OfferEnded,
    ProofSpent,
    ProofWrong,
    SameContact,
)
from commerce.members.merge_store import Heap
from commerce.members.proof import Proof, masked_mail, send_proof
from commerce.members.targets import email_of, masked, phone_of
from commerce.members.types import CodeSent, MemberView, member_view
from server.clock import wire
from server.errors import NotFound, RateLimited
from server.http import Body, Call, Id, Instant, LoggedIn, Routes, View
from server.http.routes import Key

routes = Routes("accounts")
Code = Annotated[str, Meta(min_length=1, max_length=12)]


class ProofRequest(Body, frozen=True, kw_only=True):
    """To which of the account's own contacts a code is sent."""

    by: Literal["phone", "email"]


class PhoneChange(Body, frozen=True, kw_only=True):
    """The new phone, the code that was sent to it, and the proof that the account is the caller's."""

    phone: Annotated[str, Meta(max_length=40)]
    code: Code
    proof: Proof


class EmailChange(Body, frozen=True, kw_only=True):
    """The new mail address, the code that was sent to it, and the proof that the account is the caller's."""

    email: Annotated[str, Meta(max_length=254)]
    code: Code
    proof: Proof


class MergeBody(Body, frozen=True, kw_only=True):
    """The offer, as a refusal with the code `merge_offered` had it; `stays`: the caller's account, or the other."""

    offer: Annotated[str, Meta(min_length=1, max_length=64)]
    stays: merging.Stays = "this"


class AccountView(View, frozen=True, kw_only=True):
    """One of two accounts to be merged; contacts are masked."""

    id: Id
    nickname: str
    avatar: str
    phone: str | None
    email: str | None
    addresses: int
    created_at: Instant


class MergedView(MemberView, frozen=True, kw_only=True):
    """The account that stayed. Where it is the other, the caller's session ended with theirs: ``token`` opens it."""

    token: str | None
    expires_at: Instant | None


class OfferView(View, frozen=True, kw_only=True):
    """Two accounts of one person: ``keeper`` is the caller's. ``against`` says why they cannot merge now."""

    keeper: AccountView
    other: AccountView
    against: list[str]


@contextlib.contextmanager
def as_in_body() -> Iterator[None]:
    """Name the field of a wrong proof, or of the new one's code, as bodies have it: forms call them otherwise."""
    try:
        yield
    except ProofWrong as problem:
        raise type(problem)(field=f"proof.{problem.field}") from None
    except NewCodeWrong as problem:
        raise type(problem)(field="code") from None


@routes.post("/api/v1/me/proof-codes", LoggedIn(), status=202, key=Key.OWN, errors=(RateLimited, ProofWrong))
async def ask_for_proof(call: Call, body: ProofRequest) -> CodeSent:
    """Send a code to the caller's own phone or mail address, to prove a change with."""
    return CodeSent(retry_after=await send_proof(call.app, await own(call), body.by, call.address, call.tr))


@routes.post(
    "/api/v1/me/phone",
    LoggedIn(),
    key=Key.OWN,
    limit="60/minute",
    errors=(ProofWrong, ProofSpent, NewCodeWrong, NewCodeSpent, SameContact, MergeOffered, TooManyTries),
)
async def change_phone(call: Call, body: PhoneChange) -> MemberView:
    """Add or replace the caller's phone."""
    target = phone_of(body.phone)
    with as_in_body():
        return member_view(await change_contact(call.app, call.member.id, target, body.code, body.proof, call.tr))


@routes.post(
    "/api/v1/me/email",
    LoggedIn(),
    key=Key.OWN,
    limit="60/minute",
    errors=(ProofWrong, ProofSpent, NewCodeWrong, NewCodeSpent, SameContact, MergeOffered, TooManyTries),
)
async def change_email(call: Call, body: EmailChange) -> MemberView:
    """Add or replace the caller's mail address."""
    target = email_of(body.email)
    with as_in_body():
        return member_view(await change_contact(call.app, call.member.id, target, body.code, body.proof, call.tr))


@routes.get("/api/v1/me/merge-offers/{offer}", LoggedIn())
async def show_offer(call: Call, offer: str) -> OfferView:
    """Show both accounts of an offer to merge."""
    try:
        two = await merging.look(call.app, call.member.id, offer)
    except OfferEnded:
        raise NotFound from None
    return OfferView(
        keeper=_account(two.keeper), other=_account(two.other), against=[call.tr(text) for text in texts(two.against)]
    )


@routes.post("/api/v1/me/merges", LoggedIn(), key=Key.OWN, limit="60/minute", errors=(OfferEnded, MergeHeld))
async def merge(call: Call, body: MergeBody) -> MergedView:
    """Merge both accounts of an offer. What the other has goes to the one that stays."""
    done = await merging.merge(call.app, call.member.id, body.offer, call.tr, visitor_of(call), body.stays)
    if done.issued is not None:
        call.renew(done.issued)
    return MergedView(
        **msgspec.structs.asdict(member_view(done.member)),
        token=done.issued.token if done.issued is not None else None,
        expires_at=wire(done.issued.expires_at) if done.issued is not None else None,
    )


def _account(heap: Heap) -> AccountView:
    return AccountView(
        id=str(heap.id),
        nickname=heap.nickname,
        avatar=heap.avatar,
        phone=masked(heap.phone) if heap.phone else None,
        email=masked_mail(heap.email) if heap.email else None,
        addresses=heap.addresses,
        created_at=wire(heap.created_at),
    )
