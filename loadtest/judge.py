"""Holds what the buyers saw against what the platform says, over its API alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import msgspec

from loadtest.history import Outcome, Verdict
from loadtest.plan import Buyer, Plan


class Finding(msgspec.Struct, frozen=True):
    """One invariant: whether it held, and what was seen."""

    invariant: str
    held: bool
    detail: str


class Order(msgspec.Struct, frozen=True):
    """An order as its member sees it."""

    order_no: str
    status: str


class Judgement(msgspec.Struct, frozen=True):
    """Everything that was checked."""

    findings: list[Finding]
    books: dict[str, Any]
    orders: int

    @property
    def held(self) -> bool:
        """Tell whether every invariant held."""
        return all(finding.held for finding in self.findings)


async def judge(
    session: aiohttp.ClientSession, plan: Plan, found: list[Verdict], books: dict[str, Any], *, full: bool
) -> Judgement:
    """Compare ``found`` with the orders that members see and with the platform's own ``books`` (its verify).

    ``full`` says that the crowd was larger than the stock and nothing was broken, so every unit must have gone.
    """
    orders = await _orders(session, plan)
    won = {verdict.key: verdict for verdict in found if verdict.outcome is Outcome.WON}
    unknown = Counter(verdict.member_id for verdict in found if verdict.outcome is Outcome.UNKNOWN)
    every = [order.order_no for mine in orders.values() for order in mine]
    live = [order.order_no for mine in orders.values() for order in mine if order.status != "cancelled"]
    promised = {order_no for verdict in won.values() for order_no in verdict.order_nos}
    twice = [verdict.key for verdict in won.values() if len(verdict.order_nos) != 1]
    lost = sorted(promised - set(every))
    unasked = {
        member: extra
        for member, mine in orders.items()
        if len(extra := sorted({order.order_no for order in mine} - promised)) > unknown[member]
    }
    findings = [
        Finding("every win that was answered is an order", not lost, _some(lost) or f"{len(promised)} wins"),
        Finding("one key gives one order for ever", not twice, _some(twice) or f"{len(won)} keys"),
        Finding(
            "no order without a win (an unknown outcome may be one)",
            not unasked,
            _some([f"{member}: {mine}" for member, mine in unasked.items()]) or f"{len(every)} orders",
        ),
        Finding("never more live orders than stock", len(live) <= plan.stock, f"{len(live)} of {plan.stock}"),
        Finding(
            "never more live orders of a member than the limit",
            not (greedy := _greedy(orders)),
            _some(greedy) or "one each",
        ),
        Finding(
            "the platform's books balance",
            bool(books.get("ok")),
            _some([f"{each['invariant']}: {each['detail']}" for each in books.get("violations", [])])
            or f"allocated {books.get('allocated')} = available {books.get('available')} + held {books.get('held')} "
            f"+ sold {books.get('sold')}",
        ),
    ]
    if full:
        findings.append(
            Finding("every unit found a buyer", len(live) == plan.stock, f"{len(live)} orders, {plan.stock} units")
        )
    return Judgement(findings, books, len(every))


def _greedy(orders: dict[str, list[Order]]) -> list[str]:
    return [
        f"{member}: {len(live)}"
        for member, mine in orders.items()
        if len(live := [order for order in mine if order.status != "cancelled"]) > 1
    ]


async def _orders(session: aiohttp.ClientSession, plan: Plan) -> dict[str, list[Order]]:
    """Return each buyer's orders. Buyers are made for the run, so all their orders are of this sale."""
    gate = asyncio.Semaphore(32)

    async def of(buyer: Buyer) -> tuple[str, list[Order]]:
        async with gate:
            status = 0
            for _ in range(20):
                async with session.get(
                    f"{plan.base_url}/api/v1/orders",
                    params={"size": "100"},
                    headers={"Authorization": f"Bearer {buyer.token}"},
                ) as response:
                    status = response.status
                    if status == 200:
                        body = await response.json()
                        return buyer.member_id, msgspec.convert(body["items"], list[Order])
                await asyncio.sleep(0.5)
            raise RuntimeError(f"the orders of member {buyer.member_id} cannot be read: {status}")

    return dict(await asyncio.gather(*(of(buyer) for buyer in plan.buyers)))


def _some(things: list[str]) -> str:
    return "" if not things else f"{len(things)}: " + "; ".join(things[:5]) + (" …" if len(things) > 5 else "")
