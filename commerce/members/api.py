"""Accounts and addresses over JSON."""

from __future__ import annotations

from commerce.credentials import OldPasswordWrong, TooManyTries
from commerce.members import address_store, pasted, store
from commerce.members.addresses import add_address, change_address, remove_address
from commerce.members.codes import send_code
from commerce.members.errors import (
    CodeSpent,
    CodeWrong,
    CredentialsWrong,
    MemberBanned,
    ProofSpent,
    ProofWrong,
    TooManyAddresses,
)
from commerce.members.log_in import log_in, one_target
from commerce.members.profile import rename
from commerce.members.proof import Proof
from commerce.members.regions import regions
from commerce.members.security import change_password
from commerce.members.types import (
    AddressBody,
    AddressPatch,
    AddressView,
    CodeRequest,
    CodeSent,
    LogIn,
    MemberPatch,
    MemberView,
    PastedText,
    ReadingView,
    Secret,
    SessionView,
    Visitor,
    address_view,
    member_view,
)
from server.clock import wire
from server.errors import NotFound, RateLimited
from server.http import Anyone, Body, Call, Listing, LoggedIn, Paging, Routes
from server.http.routes import Key


class PasswordChange(Body, frozen=True, kw_only=True):
    """The new password, and ``old``, the present one, or ``proof`` of the account where there is none or it is lost."""

    old: Secret = ""
    proof: Proof | None = None
    new: Secret


accounts = Routes("accounts")
book = Routes("addresses")


def visitor_of(call: Call) -> Visitor:
    """Return where a log-in comes from."""
    return Visitor(call.address, call.agent)


@accounts.post("/api/v1/auth/codes", Anyone(), status=202, key=Key.OWN, errors=(RateLimited,))
async def ask_for_code(call: Call, body: CodeRequest) -> CodeSent:
    """Send a log-in code to a phone or a mail address."""
    target = one_target(body.phone, body.email)
    return CodeSent(retry_after=await send_code(call.app, target, call.address, call.tr))


@accounts.post(
    "/api/v1/auth/sessions",
    Anyone(),
    status=201,
    key=Key.OWN,  # an answer with a token is not kept
    limit="120/minute",
    errors=(CodeWrong, CodeSpent, CredentialsWrong, MemberBanned, RateLimited),
)
async def open_session(call: Call, body: LogIn) -> SessionView:
    """Log in with a code or a password; a phone or mail address that is new becomes a member."""
    entered = await log_in(call.app, body, visitor_of(call))
    return SessionView(
        token=entered.issued.token, expires_at=wire(entered.issued.expires_at), member=member_view(entered.member)
    )


@accounts.delete("/api/v1/auth/sessions/current", LoggedIn(), status=204)
async def close_session(call: Call) -> None:
    """Log out."""
    await log_out(call)


async def log_out(call: Call) -> None:
    """End the caller's session, here at once and in other processes within a second or so."""
    if call.session is None:
        return
    async with call.transaction() as connection:
        await call.app.sessions.revoke(connection, call.session.digest)
    call.app.sessions.forget(call.session.digest)


@accounts.get("/api/v1/me", LoggedIn())
async def show_me(call: Call) -> MemberView:
    """Show the member who calls."""
    return await _me(call)


async def _me(call: Call) -> MemberView:
    async with call.database.connection() as connection:
        member = await store.member(connection, call.member.id)
    if member is None:
        raise NotFound
    return member_view(member)


@accounts.patch("/api/v1/me", LoggedIn())
async def change_me(call: Call, body: MemberPatch) -> MemberView:
    """Change the caller's name."""
    await rename(call.app, call.member.id, body.nickname)
    return await _me(call)


@accounts.post(
    "/api/v1/me/password",
    LoggedIn(),
    status=201,
    key=Key.OWN,  # an answer with a token is not kept
    limit="30/minute",
    errors=(OldPasswordWrong, ProofWrong, ProofSpent, TooManyTries),
)
async def replace_password(call: Call, body: PasswordChange) -> SessionView:
    """Set or change the caller's password. Every session ends, this one too; the answer opens a new one."""
    proof = body.proof or Proof(by="password", password=body.old)
    try:
        issued = await change_password(call.app, call.member.id, proof, body.new, visitor_of(call))
    except ProofWrong as problem:
        raise type(problem)(field=f"proof.{problem.field}" if body.proof is not None else "proof") from None
    call.renew(issued)
    return SessionView(token=issued.token, expires_at=wire(issued.expires_at), member=await _me(call))


@book.get("/api/v1/addresses", LoggedIn())
async def list_addresses(call: Call, query: Paging) -> Listing[AddressView]:
    """List the caller's addresses, the default first."""
    async with call.database.connection() as connection:
        total = await address_store.count(connection, call.member.id)
        page = await address_store.page(connection, call.member.id, query.offset, query.size)
    return Listing(items=[address_view(address) for address in page], total=total, page=query.page, size=query.size)


@book.post("/api/v1/addresses", LoggedIn(), status=201, errors=(TooManyAddresses,))
async def add(call: Call, body: AddressBody) -> AddressView:
    """Add an address."""
    async with call.transaction() as connection:
        return address_view(await add_address(connection, call.member.id, body))


@book.post("/api/v1/addresses/readings", LoggedIn(), key=Key.OWN, limit="60/minute")
async def read(call: Call, body: PastedText) -> ReadingView:
    """Read a pasted text as an address. Nothing is kept."""
    found = pasted.read(body.text)
    region = regions().known(found.region_code)
    return ReadingView(
        name=found.name,
        phone=found.phone,
        region_code=found.region_code,
        region=region.text if region is not None else "",
        detail=found.detail,
    )


@book.get("/api/v1/addresses/{address_id}", LoggedIn())
async def show(call: Call, address_id: int) -> AddressView:
    """Show an address."""
    async with call.database.connection() as connection:
        address = await address_store.find(connection, call.member.id, address_id)
    if address is None:
        raise NotFound
    return address_view(address)


@book.patch("/api/v1/addresses/{address_id}", LoggedIn())
async def change(call: Call, address_id: int, body: AddressPatch) -> AddressView:
    """Change an address."""
    async with call.transaction() as connection:
        return address_view(await change_address(connection, call.member.id, address_id, body))


@book.delete("/api/v1/addresses/{address_id}", LoggedIn(), status=204)
async def remove(call: Call, address_id: int) -> None:
    """Remove an address."""
    async with call.transaction() as connection:
        await remove_address(connection, call.member.id, address_id)
