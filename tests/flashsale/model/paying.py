"""Payments, in time and late: step 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.flashsale.model.rules import Config
from tests.flashsale.model.selling import rewon
from tests.flashsale.model.state import ACCEPTED, LATE, REFUNDED, Entry, Move, Row, State, fit, put, spend


class Rewin(NamedTuple):
    """What rewin.lua said to one payer."""

    request: int
    won: bool
    epoch: int
    gen: int


def moves(config: Config, state: State) -> Iterator[Move]:
    """Every payment that can arrive, and every step towards deciding a late one."""
    if state.budget.pay:
        for at, row in enumerate(state.pg.rows):
            if row is not None and not state.pg.payments[at]:
                yield _notified(state, at, row)
    for number, task in enumerate(state.payers):
        if task is None:
            for at, row in enumerate(state.pg.rows):
                if state.pg.payments[at] & LATE and row is not None and row.status == "X":
                    yield from _rewin(config, state, number, at, row)
        else:
            yield _decide(config, state, number, task)


def _notified(state: State, at: int, row: Row) -> Move:
    budget = spend(state.budget, "pay")
    if row.status == "H":
        ledger = state.pg._replace(
            rows=put(state.pg.rows, at, Row("P", row.gen)), payments=put(state.pg.payments, at, ACCEPTED)
        )
        return Move(f"{at} is paid in time", False, state._replace(pg=ledger, budget=budget))
    ledger = state.pg._replace(payments=put(state.pg.payments, at, LATE))
    return Move(f"{at} is paid after it has expired", False, state._replace(pg=ledger, budget=budget))


def _rewin(config: Config, state: State, number: int, at: int, row: Row) -> Iterator[Move]:
    """rewin.lua; nothing happens while the item is unavailable."""
    redis = state.redis
    if redis is None or redis.gate or not fit(config, state):
        return
    member, quantity = config.requests[at]
    rules, has = config.rules, redis.held[at]
    gen = row.gen + 1 if rules.rewin_by_generation else row.gen
    over = rules.limit_on_rewin and redis.units[member] + quantity > config.limit
    won = True
    if rules.rewin_by_generation and has >= gen:
        after = redis
    elif rules.rewin_by_generation and has == gen - 1 and has:
        after = redis._replace(held=put(redis.held, at, gen))
    elif over or quantity > redis.avail:
        after, won = redis, False
    else:
        after = redis._replace(
            avail=redis.avail - quantity,
            held=put(redis.held, at, gen),
            units=put(redis.units, member, redis.units[member] + quantity),
        )
    if after is not redis and rules.rewin_in_journal and rules.rewin_by_generation:
        after = after._replace(journal=after.journal | {Entry(at, redis.epoch, gen)})
    answer = Rewin(at, won, redis.epoch, gen)
    label = f"payer{number}: rewin.lua for {at}: {'won' if won else 'refused'}"
    yield Move(label, True, state._replace(redis=after, payers=put(state.payers, number, answer)))


def _decide(config: Config, state: State, number: int, answer: Rewin) -> Move:
    ledger, at = state.pg, answer.request
    if ledger.payments[at] & LATE:
        if not answer.won:
            ledger = ledger._replace(payments=put(ledger.payments, at, REFUNDED))
        elif not config.rules.fence or answer.epoch == ledger.epoch:
            ledger = rewon(ledger, at, answer.gen)
    label = f"payer{number}: commits {at} as {'rewon' if answer.won else 'refund'}, if undecided and not stale"
    return Move(label, True, state._replace(pg=ledger, payers=put(state.payers, number, None)))
