"""Give out tickets, and say how a queued attempt ended."""

from __future__ import annotations

from datetime import timedelta

import structlog

from commerce.members import default_address
from flashsale.seckill import captcha, settle_store
from flashsale.seckill.board import Board, phase
from flashsale.seckill.problems import AttemptVoid, Ended, NotStarted
from flashsale.seckill.tickets import AFTER_END_S, LIFE_S, OPENS_BEFORE_S, POW_BITS, Tickets, pow_prefix
from flashsale.seckill.types import Challenge, Fate, Phase
from flashsale.seckill.views import AttemptView, CaptchaView, PowView, TicketView
from server.application import Application
from server.clock import from_ms, now, to_ms, wire
from server.database import DOWN, Connection
from server.errors import NotFound
from server.http.session import Session

log = structlog.get_logger("admission")
RATE = "120/minute"
"""Tickets of one member, for whatever sale."""


async def ticket(app: Application, item_id: int, session: Session) -> TicketView:
    """Give the member of ``session`` a ticket.

    Raises NotFound, NotStarted (over ten minutes early), Ended, RateLimited.
    """
    await app.limits.check(RATE, "flashsale.ticket", str(session.identity.id))
    seen = await app.resource(Board).seen(item_id)
    if seen is None:
        raise NotFound
    at, item = now(), seen.item
    if phase(seen, at) is Phase.ENDED:
        raise Ended
    if at < item.starts_at - timedelta(seconds=OPENS_BEFORE_S):
        raise NotStarted
    begins = max(at, item.starts_at)
    expires = min(item.ends_at + timedelta(seconds=AFTER_END_S), begins + timedelta(seconds=LIFE_S), session.expires_at)
    word = captcha.word() if item.challenge is Challenge.CAPTCHA else ""
    # Rounded down: a ticket that is not valid yet must not turn away an attempt that the gate would take.
    not_before, until = to_ms(item.starts_at), to_ms(expires)
    text = app.resource(Tickets).issue(
        item_id=item.id,
        member_id=session.identity.id,
        session=session.digest,
        not_before=not_before,
        expires=until,
        has_address=await _has_address(app, session.identity.id),
        challenge=item.challenge,
        captcha=word,
    )
    challenge: PowView | CaptchaView | None = None
    if item.challenge is Challenge.POW:
        challenge = PowView(algorithm="sha256", prefix=pow_prefix(text), bits=POW_BITS)
    elif item.challenge is Challenge.CAPTCHA:
        challenge = CaptchaView(image=await captcha.picture(word))
    return TicketView(
        ticket=text, not_before=wire(from_ms(not_before)), expires_at=wire(from_ms(until)), challenge=challenge
    )


async def _has_address(app: Application, member_id: int) -> bool:
    try:
        async with app.database.connection() as connection:
            return await default_address(connection, member_id) is not None
    except DOWN as error:
        log.warning("address unknown", error=str(error) or type(error).__name__)
        return False  # asked again at the attempt


async def attempt_view(
    connection: Connection, tickets: Tickets, item_id: int, member_id: int, attempt_id: str
) -> AttemptView:
    """Say how a queued attempt stands. Raises NotFound for a name that this member was not given."""
    named = tickets.read_attempt_id(attempt_id, item_id, member_id)
    if named is None:
        raise NotFound
    epoch, request_id = named
    current, stored = await settle_store.attempt(connection, item_id, member_id, request_id)
    if stored is None:
        # An older epoch and no row, seen in one snapshot: nothing can settle it any more.
        return AttemptView(status="interrupted" if epoch < current else "queued")
    if stored.fate is Fate.VOID or stored.pay_before is None:
        return AttemptView(status="refused", code=AttemptVoid.code)
    return AttemptView(status="won", order_no=stored.order_no, amount=stored.amount, pay_before=wire(stored.pay_before))
