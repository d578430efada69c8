"""What staff watch while a sale runs."""

from __future__ import annotations

from msgspec.structs import asdict

from flashsale.gate import Gate, GateUnavailable
from flashsale.seckill import store
from flashsale.seckill.board import Seen, phase
from flashsale.seckill.types import Item, ItemState
from flashsale.seckill.views import FiguresView, PlannedView, SecondView
from server.application import Application
from server.clock import now, wire

SECONDS = 120
"""How far back the figures by the second go."""


def planned_view(item: Item) -> PlannedView:
    """Return a sale as its staff read it."""
    return PlannedView(
        item_id=str(item.id),
        status=item.state,
        shop_id=str(item.shop_id),
        sku_id=str(item.sku_id),
        product_id=str(item.product_id),
        title=item.title,
        specs=item.specs,
        picture=item.picture,
        price=item.price,
        list_price=item.list_price,
        quantity=item.quantity,
        allocated=item.allocated,
        limit_per_member=item.limit_per_member,
        starts_at=wire(item.starts_at),
        ends_at=wire(item.ends_at),
        pay_within_s=item.pay_within_s,
        challenge=item.challenge,
        listed=item.listed,
        phase=None,
        created_at=wire(item.created_at),
        published_at=wire(item.published_at) if item.published_at else None,
        ended_at=wire(item.ended_at) if item.ended_at else None,
    )


async def figures(app: Application, item: Item) -> FiguresView:
    """Return a sale's live figures.

    Wins, and units won, held, paid and expired, are PostgreSQL's; attempts and refusals are counts that the web
    processes roll up once a second, less what a process that was killed had counted in its last one. What won was
    attempted, whoever was killed: attempts are never fewer than wins.
    """
    async with app.database.connection() as connection:
        units = await store.unit_sums(connection, item.id)
        wins = await store.wins(connection, item.id)
        totals = await store.outcome_totals(connection, item.id)
        seconds = await store.last_seconds(connection, item.id, SECONDS)
        peak = await store.busiest_second(connection, item.id)
    gate = None
    if item.state is not ItemState.DRAFT and item.archived_at is None:
        try:
            gate = await app.resource(Gate).figures(item.id)
        except GateUnavailable:
            gate = None
    seen = Seen(item, gate, units)
    accepted = {"won", "again", "queued"}
    return FiguresView(
        **(asdict(planned_view(item)) | {"phase": None if item.state is ItemState.DRAFT else phase(seen, now())}),
        attempts=max(sum(totals.values()), wins),
        peak=peak,
        wins=wins,
        won=sum(n for status, n in units.items() if status != "void"),
        held=units.get("held", 0),
        paid=units.get("paid", 0),
        expired=units.get("expired", 0),
        available=gate.available + gate.parked if gate is not None and not gate.loading else None,
        refused={code: n for code, n in sorted(totals.items()) if code not in accepted},
        per_second=[SecondView(at=wire(at), attempts=attempts, won=won) for at, attempts, won in seconds],
    )
