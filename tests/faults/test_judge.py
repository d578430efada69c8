"""The judge must be able to say no: each broken promise, planted in a history, is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from loadtest.history import Kind, Line, Outcome, verdicts
from loadtest.judge import judge
from loadtest.plan import Buyer, Plan

GOOD_BOOKS = {"ok": True, "allocated": 2, "available": 0, "held": 2, "sold": 0, "violations": []}


def line(kind: Kind, member: str, key: str, at: float, status: int = 0, order_no: str = "") -> Line:
    return Line(at=at, kind=kind, member_id=member, key=key, status=status, order_no=order_no, took=0.1)


def sent(member: str, key: str, *answers: tuple[int, str]) -> list[Line]:
    """Return a history of one key: each answer to a send of its own; (0, "") is no answer at all."""
    lines = []
    for at, (status, order_no) in enumerate(answers):
        lines.append(line(Kind.SEND, member, key, at))
        if status:
            lines.append(line(Kind.ANSWER, member, key, at + 0.5, status, order_no))
    return lines


@pytest.fixture
async def shop() -> AsyncIterator[tuple[str, dict[str, list[dict[str, str]]]]]:
    """A site that shows each member the orders it is told to show."""
    orders: dict[str, list[dict[str, str]]] = {}

    async def show(request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return web.json_response({"items": orders.get(token, []), "total": 0, "page": 1, "size": 100})

    app = web.Application()
    app.router.add_get("/api/v1/orders", show)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), orders


async def findings(
    shop: tuple[str, dict[str, list[dict[str, str]]]],
    lines: Sequence[Line],
    orders: Mapping[str, Sequence[str]],
    books: Mapping[str, Any] = GOOD_BOOKS,
    *,
    stock: int = 2,
) -> set[str]:
    """Return the invariants that the judge calls broken."""
    url, shown = shop
    for member, numbers in orders.items():
        shown[member] = [{"order_no": number, "status": "pending_payment"} for number in numbers]
    plan = Plan(
        base_url=url,
        item_id="1",
        stock=stock,
        starts_at=0,
        ends_at=1,
        stop_at=1,
        spread=1,
        pay=0,
        double=0,
        seed=1,
        folder="",
        watchers=0,
        pay_within=600,
        buyers=[Buyer(member, "", member) for member in ("a", "b", "c")],
    )
    async with aiohttp.ClientSession() as session:
        judgement = await judge(session, plan, verdicts(lines), dict(books), full=True)
    return {finding.invariant for finding in judgement.findings if not finding.held}


async def test_an_honest_sale_is_called_honest(shop: Any) -> None:
    lines = [*sent("a", "k1", (201, "1")), *sent("b", "k2", (503, ""), (201, "2")), *sent("c", "k3", (409, ""))]
    assert await findings(shop, lines, {"a": ["1"], "b": ["2"]}) == set()


async def test_a_win_that_is_no_order_is_named(shop: Any) -> None:
    lines = [*sent("a", "k1", (201, "1")), *sent("b", "k2", (201, "2"))]
    assert "every win that was answered is an order" in await findings(shop, lines, {"a": ["1"]})


async def test_a_key_with_two_orders_is_named(shop: Any) -> None:
    lines = sent("a", "k1", (201, "1"), (201, "2"))
    assert "one key gives one order for ever" in await findings(shop, lines, {"a": ["1", "2"]})


async def test_an_order_of_someone_who_was_refused_is_named(shop: Any) -> None:
    lines = [*sent("a", "k1", (201, "1")), *sent("b", "k2", (409, ""))]
    assert "no order without a win (an unknown outcome may be one)" in await findings(
        shop, lines, {"a": ["1"], "b": ["2"]}
    )


async def test_an_unknown_outcome_may_be_one_order_and_no_more(shop: Any) -> None:
    lines = [*sent("a", "k1", (201, "1")), *sent("b", "k2", (0, ""), (409, ""))]
    assert await findings(shop, lines, {"a": ["1"], "b": ["2"]}) == set()
    broken = await findings(shop, lines, {"a": ["1"], "b": ["2", "3"]}, stock=3)
    assert "no order without a win (an unknown outcome may be one)" in broken


async def test_overselling_and_greed_are_named(shop: Any) -> None:
    lines = [*sent("a", "k1", (201, "1")), *sent("a", "k2", (201, "2")), *sent("b", "k3", (201, "3"))]
    broken = await findings(shop, lines, {"a": ["1", "2"], "b": ["3"]})
    assert broken == {
        "never more live orders than stock",
        "never more live orders of a member than the limit",
        "every unit found a buyer",
    }


async def test_a_unit_that_nobody_got_is_named(shop: Any) -> None:
    lines = [*sent("a", "k1", (201, "1")), *sent("b", "k2", (409, ""))]
    assert await findings(shop, lines, {"a": ["1"]}) == {"every unit found a buyer"}


async def test_books_that_do_not_balance_are_named(shop: Any) -> None:
    books = GOOD_BOOKS | {"ok": False, "violations": [{"invariant": "sum", "detail": "1 too many"}]}
    lines = [*sent("a", "k1", (201, "1")), *sent("b", "k2", (201, "2"))]
    assert await findings(shop, lines, {"a": ["1"], "b": ["2"]}, books) == {"the platform's books balance"}


def test_a_key_is_refused_only_when_every_send_of_it_was() -> None:
    found = verdicts(
        [
            *sent("a", "all", (409, ""), (409, "")),
            *sent("a", "silence", (0, ""), (409, "")),
            *sent("a", "busy", (503, ""), (409, "")),
            *sent("a", "won", (503, ""), (201, "1")),
        ]
    )
    assert {verdict.key: verdict.outcome for verdict in found} == {
        "all": Outcome.REFUSED,
        "silence": Outcome.UNKNOWN,
        "busy": Outcome.UNKNOWN,
        "won": Outcome.WON,
    }
