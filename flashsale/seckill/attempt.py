"""The one path that an attempt walks: ticket, member's pace, gate, PostgreSQL, answer.

Until the gate has said yes nothing here asks a database: the ticket proves member, session and address, and whatever
else there is to know is in this process or in Redis. Only who won waits for a commit.
"""

from __future__ import annotations

import asyncio
import functools
import math
import re
import time

import msgspec
import structlog
from aiohttp import web

from commerce.members import default_address
from flashsale.gate import Attempt, Batcher, Gate, GateUnavailable, Outcome
from flashsale.seckill import announce, settle_store
from flashsale.seckill.captcha import Tries
from flashsale.seckill.news import AttemptTold
from flashsale.seckill.problems import (
    AddressMissing,
    AttemptVoid,
    ChallengeFailed,
    NotStarted,
    TicketExpired,
    TicketInvalid,
)
from flashsale.seckill.refusals import OF_OUTCOME, Refusals
from flashsale.seckill.settle import Settler
from flashsale.seckill.tally import Tally
from flashsale.seckill.tickets import LEEWAY_MS, Ticket, Tickets
from flashsale.seckill.types import Fate, Settlement, Win
from flashsale.seckill.views import AttemptBody, QueuedView, WonView
from realtime import notices
from server.application import Application
from server.clock import now, wire
from server.database import DOWN
from server.errors import (
    CsrfFailed,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    TokenExpired,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from server.http.bodies import decode_json
from server.http.session import COOKIES, Expired, Kind, digest_of
from server.pace import Buckets

log = structlog.get_logger("attempt")
PATIENCE = 0.3
"""Seconds that a winner waits for the commit before hearing 202."""
WITHIN = 5.0
"""Seconds that an attempt waits for a database that it has to ask, before it hears 503."""
RATE, BURST = 10.0, 60.0
"""Attempts of one member a second, and at once."""
_MOST = 2048
_JSON = "application/json"
_KEY = re.compile(r"[\x21-\x7e]{1,64}").fullmatch
_decode = msgspec.json.Decoder(AttemptBody).decode
_encode = msgspec.json.Encoder().encode
_NOT_STARTED, _TICKET_INVALID, _TICKET_EXPIRED = NotStarted(), TicketInvalid(), TicketExpired()
_ADDRESS_MISSING, _CHALLENGE_FAILED = AddressMissing(), ChallengeFailed()
_VOID, _UNAVAILABLE, _MISMATCH = AttemptVoid(), Unavailable(), IdempotencyMismatch()


class Attempts:
    """The desk of one process. Belongs to one event loop; ``close`` it before the loop ends."""

    def __init__(self, app: Application, gate: Gate, tickets: Tickets, tally: Tally) -> None:
        self._app = app
        self._sessions = app.sessions
        self._tickets = tickets
        self._tally = tally
        self._batcher = Batcher(gate)
        self._settler = Settler(app.database, gate)
        self._buckets: Buckets[int] | None = Buckets(RATE, BURST) if app.settings.limits else None
        self._tries = Tries(app.redis)
        self._refusals = Refusals(app.translations)
        self._pushes: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> dict[tuple[str, ...], float]:
        """Return how many attempts are where: before the gate, in it, before PostgreSQL, in it."""
        (waiting, asked), (won, writing) = self._batcher.open, self._settler.open
        return {("waiting",): waiting, ("gate",): asked, ("won",): won, ("settle",): writing}

    @property
    def calls(self) -> dict[tuple[str, ...], float]:
        """Return how many calls of the gate carried up to 1, 2, 4, 8 … attempts."""
        return {(str(2**power),): count for power, count in enumerate(self._batcher.sizes)}

    async def close(self) -> None:
        """Finish what was admitted."""
        await self._batcher.drain()
        await self._settler.drain()
        await asyncio.gather(*self._pushes, return_exceptions=True)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one attempt. Raises Problems that have nothing to do with the sale (401, 404, 413, 415, 422, 429)."""
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            token = token.strip()
            if scheme.lower() != "bearer" or not token:
                raise Unauthenticated
        else:
            token = request.cookies.get(COOKIES[Kind.MEMBER], "")
            if not token:
                raise Unauthenticated
        problem: Problem | None = None
        item_id, key, body, ticket = 0, "", None, None
        try:
            _hold_size(request)
            item_id, key, body = _parse(request, await request.read())
            ticket = self._tickets.read(body.ticket)
        except Problem as error:
            problem = error
        # A ticket names the session that it was given to: who brings both has been looked up before.
        digest = digest_of(token)
        if ticket is not None and ticket.session == digest[:16] and not self._sessions.revoked(digest):
            member_id = ticket.member_id
        else:
            member_id = await self._identify(token)
        if authorization is None and not self._sessions.csrf_holds(token, request.headers.get("X-CSRF-Token", "")):
            raise CsrfFailed
        if problem is not None or body is None:
            raise problem or NotFound()
        if ticket is None or ticket.member_id != member_id or ticket.item_id != item_id:
            return self._refuse(request, item_id if ticket is not None else 0, _TICKET_INVALID)
        if self._buckets is not None and (seconds := self._buckets.wait(member_id, time.monotonic())):
            raise RateLimited(math.ceil(seconds))
        at = time.time() * 1000
        if at < ticket.not_before - LEEWAY_MS:
            return self._refuse(request, item_id, _NOT_STARTED)
        if at > ticket.expires + LEEWAY_MS:
            return await self._remembered(request, ticket, key, body.quantity, _TICKET_EXPIRED)
        if ticket.challenge and not await self._solved(body, ticket):
            return self._refuse(request, item_id, _CHALLENGE_FAILED)
        if not ticket.has_address and not await self._has_address(member_id):
            return await self._remembered(request, ticket, key, body.quantity, _ADDRESS_MISSING)
        try:
            decision = await self._batcher.admit(item_id, Attempt(member_id, key, body.quantity))
        except GateUnavailable:
            return self._refuse(request, item_id, _UNAVAILABLE)
        if decision.outcome > Outcome.AGAIN:
            return self._refuse(request, item_id, OF_OUTCOME[decision.outcome])
        win = Win(
            epoch=decision.epoch,
            member_id=member_id,
            request_id=key,
            quantity=body.quantity,
            won_ms=int(decision.journal_id.partition("-")[0] or 0),
            again=decision.outcome is Outcome.AGAIN,
        )
        return await self._settle(request, ticket, win, decision.journal_id)

    async def _has_address(self, member_id: int) -> bool:
        async with asyncio.timeout(WITHIN), self._app.database.connection() as connection:
            return await default_address(connection, member_id) is not None

    async def _remembered(
        self, request: web.Request, ticket: Ticket, key: str, quantity: int, refusal: Problem
    ) -> web.StreamResponse:
        """Answer an attempt that will not reach the gate: a key that has won hears the same for ever."""
        async with asyncio.timeout(WITHIN), self._app.database.connection() as connection:
            _, stored = await settle_store.attempt(connection, ticket.item_id, ticket.member_id, key)
        if stored is None:
            return self._refuse(request, ticket.item_id, refusal)
        if stored.quantity != quantity:
            return self._refuse(request, ticket.item_id, _MISMATCH)
        return self._told(request, stored, ticket, key)

    async def _solved(self, body: AttemptBody, ticket: Ticket) -> bool:
        captcha = self._tickets.is_captcha(ticket)
        if captcha and self._tries.spent(ticket.nonce):
            return False
        if self._tickets.solved(body.ticket, ticket, body.answer):
            return True
        if captcha and body.answer:
            await self._tries.wrong(ticket.nonce)
        return False

    async def _settle(self, request: web.Request, ticket: Ticket, win: Win, journal_id: str) -> web.StreamResponse:
        item_id = ticket.item_id
        settlement = self._settler.settle(item_id, win, journal_id)
        done, _ = await asyncio.wait((settlement,), timeout=PATIENCE)
        if done:
            try:
                return self._told(request, settlement.result(), ticket, win.request_id, again=win.again)
            except Unavailable:
                return self._refuse(request, item_id, _UNAVAILABLE)
        attempt_id = self._tickets.attempt_id(item_id, win.member_id, win.request_id, win.epoch)
        settlement.add_done_callback(functools.partial(self._later, item_id, win, attempt_id))
        self._count(item_id, "queued")
        return web.Response(status=202, body=_encode(QueuedView(attempt_id=attempt_id)), content_type=_JSON)

    def _told(
        self, request: web.Request, settlement: Settlement, ticket: Ticket, key: str, *, again: bool = True
    ) -> web.StreamResponse:
        if settlement.fate is Fate.WON:
            self._count(ticket.item_id, "again" if again else "won")
            return web.Response(status=201, body=_encode(won_view(settlement)), content_type=_JSON)
        log.info("win withdrawn", item=ticket.item_id, member=ticket.member_id, key=key, fate=settlement.fate.value)
        return self._refuse(request, ticket.item_id, _VOID if settlement.fate is Fate.VOID else _UNAVAILABLE)

    def _later(self, item_id: int, win: Win, attempt_id: str, settlement: asyncio.Future[Settlement]) -> None:
        if settlement.cancelled() or settlement.exception() is not None:
            return  # unknown: the worker settles it and tells the member
        task = asyncio.get_running_loop().create_task(
            push(self._app, item_id, win.member_id, win.request_id, settlement.result(), attempt_id)
        )
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)

    def _refuse(self, request: web.Request, item_id: int, problem: Problem) -> web.StreamResponse:
        if item_id:
            self._count(item_id, problem.code)
        return self._refusals.answer(request, problem)

    def _count(self, item_id: int, outcome: str) -> None:
        counts = self._tally.counts
        counts[item_id, outcome] = counts.get((item_id, outcome), 0) + 1

    async def _identify(self, token: str) -> int:
        try:
            async with asyncio.timeout(WITHIN):
                session = await self._sessions.find(token)
        except Expired:
            raise TokenExpired from None
        if session is None:
            raise Unauthenticated
        if session.identity.kind is not Kind.MEMBER:
            raise Forbidden
        return session.identity.id


def _hold_size(request: web.Request) -> None:
    """Raise TooLarge before a large body is read."""
    length = request.headers.get("Content-Length", "")
    if len(length) > 3 and (request.content_length or 0) > _MOST:
        raise TooLarge


def _parse(request: web.Request, raw: bytes) -> tuple[int, str, AttemptBody]:
    """Return item, key and body. Raises NotFound, TooLarge, UnsupportedMedia, BadJson, Invalid."""
    headers = request.headers
    text = request.match_info["item_id"]
    if len(text) > 18 or not (text.isascii() and text.isdigit()):
        raise NotFound
    if headers.get("Content-Type") != _JSON and request.content_type != _JSON:
        raise UnsupportedMedia
    if len(raw) > _MOST:
        raise TooLarge
    key = headers.get("Idempotency-Key")
    if key is None:
        raise Invalid("Idempotency-Key", "这个操作需要幂等键")
    if _KEY(key) is None:
        raise Invalid("Idempotency-Key", "幂等键是 1 到 64 个可见 ASCII 字符")
    try:
        return int(text), key, _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return int(text), key, decode_json(raw, AttemptBody)  # raises, with the field at fault


def won_view(settlement: Settlement) -> WonView:
    """Return a win as its member reads it."""
    assert settlement.pay_before is not None
    return WonView(order_no=settlement.order_no, amount=settlement.amount, pay_before=wire(settlement.pay_before))


async def push(
    app: Application, item_id: int, member_id: int, request_id: str, settlement: Settlement, attempt_id: str = ""
) -> None:
    """Tell a member who is waiting how an attempt ended: event `order` for a win, `attempt` for anything else."""
    try:
        async with app.database.transaction() as connection:
            if settlement.fate is Fate.WON:
                await announce.tell(connection, item_id, member_id, request_id, attempt_id)
            else:
                status = "interrupted" if settlement.fate is Fate.STALE else "refused"
                told = AttemptTold(str(item_id), status, wire(now()), attempt_id or msgspec.UNSET)
                await notices.add(connection, member_id, "attempt", told)
    except DOWN as error:
        # A win is told by the worker later; of a withdrawn one the client hears when it asks.
        log.warning("push late", member=member_id, item=item_id, error=str(error) or type(error).__name__)
