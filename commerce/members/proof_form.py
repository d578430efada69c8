"""The fields of a form that ask for a proof that an account is one's own (templates/members/proof.html)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from commerce.members.proof import By, Proof, ways
from commerce.members.types import Member
from server.http import Body, Call


class ProofForm(Body, frozen=True, kw_only=True):
    """A proof as a form sends it; which way it goes is left out where there is one alone."""

    by: By | None = None
    password: Annotated[str, Meta(max_length=256)] = ""
    code: Annotated[str, Meta(max_length=12)] = ""


def proof_of(member: Member, form: ProofForm, *, first: By | None = None) -> Proof:
    """Return the proof that was given, by the way that was chosen, else ``first``, else the account's first."""
    return Proof(by=form.by or first or ways(member)[0][0], password=form.password, code=form.code)


def missing(call: Call, proof: Proof) -> dict[str, str]:
    """Return what to say beside the field that was left empty."""
    field, given = ("password", proof.password) if proof.by == "password" else ("code", proof.code)
    return {} if given else {field: call.tr("必填")}
