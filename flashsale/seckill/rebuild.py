"""Load a sale into Redis from PostgreSQL (step 8): at its publication, after anything happened to Redis, at its end.

The new epoch is the fence: what an older one admitted and nobody settled before is withdrawn, and its sender hears
`unavailable` or `interrupted`, never `won`.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Sequence

import structlog

from commerce import stock
from flashsale.gate import Gate, GateUnavailable, Reservation, SaleState, Terms
from flashsale.seckill import faults, reservation_store, store
from flashsale.seckill.problems import StockShort
from flashsale.seckill.recover import settle_entries
from flashsale.seckill.types import LIVE, Item, ItemState, ReservationRow
from server.application import Application
from server.database import Connection
from server.errors import Conflict

log = structlog.get_logger("rebuild")
PATIENCE_S = 1.0
"""Seconds that living processes get to settle their own wins before the rebuild does it for them."""
_STATES = {ItemState.PUBLISHED: SaleState.OPEN, ItemState.PAUSED: SaleState.PAUSED, ItemState.ENDED: SaleState.ENDED}


def terms_of(item: Item) -> Terms:
    """Return the rules of a published sale as the gate holds them."""
    return Terms(
        revision=item.rev,
        state=_STATES[item.state],
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        limit=item.limit_per_member,
    )


def stock_ref(item_id: int) -> str:
    """Return the name under which a sale's units are allocated in the SKU's stock."""
    return f"flash-sale:{item_id}"


async def rebuild(
    app: Application,
    item_id: int,
    *,
    units: int | None = None,
    patience: float = PATIENCE_S,
    tries: int = 5,
    judged: int | None = None,
) -> bool:
    """Load an item under a new epoch and open it. False: others kept coming in between, or it has no gate.

    ``units`` resizes the sale, never below what it has given away; an ended one is trimmed to that. What the sale no
    longer has goes back to the SKU, what it gets comes out of the SKU's free stock (raises StockShort). ``judged`` is
    the epoch under which the item was found in need: where another rebuild has come since, the gate that it opened is
    left alone, and the answer is False. Raises GateUnavailable, or what `server.database.DOWN` lists, when one of the
    two cannot be asked; the gate then stays shut until another rebuild.
    """
    for at in range(tries):
        if at:
            await asyncio.sleep(random.uniform(0.05, 0.3))  # lest two keep shutting each other out
            if judged is not None:
                judged = await _still(app, item_id)
                if judged is None:
                    return False
        done = await _once(app, item_id, patience, units, judged)
        if done is not None:
            return done
    return False


async def _still(app: Application, item_id: int) -> int | None:
    """Return the epoch of an item that needs a rebuild even now, be it because our own token has shut its gate."""
    async with app.database.connection() as connection:
        item = await store.item(connection, item_id)
    return item.epoch if item is not None and await needed(app, item) else None


async def _once(
    app: Application, item_id: int, patience: float, units: int | None = None, judged: int | None = None
) -> bool | None:
    """Return None where another try may help."""
    gate = app.resource(Gate)
    token = secrets.token_hex(16)
    async with app.database.connection() as connection:
        item = await store.item(connection, item_id)
    if item is None or item.state is ItemState.DRAFT or item.archived_at is not None:
        return False
    if judged is not None and item.epoch != judged:
        return False  # shutting what another rebuild is opening would only send buyers away
    known = await gate.shut(item_id, token)
    await drain(app, item_id, patience if known is not None else 0.0)
    async with app.database.transaction() as connection:
        epoch = await reservation_store.raise_epoch(connection, item_id, item.epoch)
        if epoch is None:
            return None  # another rebuild was faster; our token may have shut the gate that it has just opened
        # Only this statement, after the lock, sees what was settled until then.
        rows = await reservation_store.of_item(connection, item_id)
        locked = await store.lock_item(connection, item_id)
        assert locked is not None
        if locked.archived_at is not None:
            return False
        item = locked
        allocated = await _resize(connection, item, rows, units)
    faults.point("rebuild_after_bump")
    opened = await gate.load(
        item_id,
        token,
        epoch=epoch,
        allocated=allocated,
        terms=terms_of(item),
        reservations=[_loaded(row) for row in rows],
    )
    # A start of Redis brings one for each sale: who began them tells how many.
    say, what = (log.debug, "rebuilt") if opened else (log.info, "load refused")
    say(what, item=item_id, epoch=epoch, rows=len(rows), allocated=allocated)
    return True if opened else None


async def _resize(connection: Connection, item: Item, rows: Sequence[ReservationRow], units: int | None) -> int:
    """Bring the sale's units and the SKU's allocation to what is wanted, and return the sale's units."""
    given = sum(row.qty for row in rows if row.status in LIVE)
    wanted = 0 if item.state is ItemState.ENDED else item.allocated if units is None else units
    allocated = max(given, wanted)
    if allocated == item.allocated:
        return allocated
    await store.set_allocated(connection, item.id, allocated)
    more, ref = allocated - item.allocated, stock_ref(item.id)
    if more < 0:
        await stock.release(connection, item.sku_id, -more, ref, "system")
    elif not await stock.allocate(connection, item.sku_id, more, ref, "system"):
        raise StockShort(free=(await stock.free(connection, [item.sku_id]))[item.sku_id])
    return allocated


def _loaded(row: ReservationRow) -> Reservation:
    return Reservation(
        member_id=row.member_id,
        request_id=row.request_id,
        quantity=row.qty,
        epoch=row.epoch,
        generation=row.gen if row.status in LIVE else None,
    )


async def drain(app: Application, item_id: int, patience: float) -> None:
    """Empty the item's journal: wait ``patience`` seconds for those who admitted, then settle what is left."""
    gate = app.resource(Gate)
    until = time.monotonic() + patience
    while entries := await gate.journal_read(item_id):
        if time.monotonic() < until:
            await asyncio.sleep(0.05)
            continue
        await settle_entries(app, item_id, entries)
        faults.point("drain_middle")


async def needed(app: Application, item: Item) -> str:
    """Return why a live item has to be rebuilt, or nothing. Raises GateUnavailable."""
    figures = await app.resource(Gate).figures(item.id)
    if figures is None:
        return "missing"
    if figures.epoch != item.epoch:
        return "epoch"
    if not figures.fit:
        return "stamp"
    if figures.shut_by:
        return "shut"
    if item.state is ItemState.ENDED and figures.available + figures.parked > 0 and figures.journal == 0:
        return "trim"
    if figures.terms.revision < item.rev:
        await app.resource(Gate).change(item.id, terms_of(item))
    return ""


class Keeper:
    """Looks after the live items of one worker: says when what is wrong with one has to be taken in hand.

    What another process' rebuild looks like half-way (a shut gate, a new epoch) is left alone for a while.
    """

    GRACE_S = 3.0

    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    async def sweep(self, app: Application) -> int:
        """Rebuild what needs it and return how many items did."""
        async with app.database.connection() as connection:
            items = await store.live_items(connection)
        count = 0
        needing: Counter[str] = Counter()
        for item in items:
            try:
                why = await needed(app, item)
                if why and self._due(item.id, why):
                    log.debug("rebuild needed", item=item.id, why=why)
                    needing[why] += 1
                    count += await rebuild(app, item.id, judged=item.epoch)
            except GateUnavailable as error:
                log.info("rebuild waits", item=item.id, error=error.reason)
                continue
            except Conflict as error:
                # The SKU's stock does not have what the sale wants to give back: the other sales go on.
                log.error("rebuild refused", item=item.id, error=error.code)
                continue
            if not why:
                self._since.pop(item.id, None)
        if needing:
            # After any restart of Redis and at the end of a sale this is the usual course.
            usual = needing.keys() <= {"stamp", "trim"}
            (log.debug if usual else log.warning)("sales rebuilt", done=count, of=needing.total(), why=dict(needing))
        return count

    def _due(self, item_id: int, why: str) -> bool:
        if why in ("missing", "stamp", "trim"):
            return True
        at = time.monotonic()
        return at - self._since.setdefault(item_id, at) >= self.GRACE_S
