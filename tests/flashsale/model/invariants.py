"""What must hold: always, while Redis and PostgreSQL are in step, and at rest."""

from __future__ import annotations

from tests.flashsale.model.rules import Config
from tests.flashsale.model.state import (
    ACCEPTED,
    LATE,
    QUEUED,
    REFUNDED,
    WON,
    Redis,
    State,
    in_step,
    live_of_member,
    live_units,
)


def at_rest(config: Config, state: State) -> bool:
    """Whether nothing is left to do: no process is busy, journal and release rows are done, the item is open."""
    redis, ledger = state.redis, state.pg
    return (
        redis is not None
        and not redis.gate
        and not redis.journal
        and not redis.park
        and not ledger.releases
        and not any(state.workers)
        and not any(state.releasers)
        and not any(state.payers)
        and not any(state.rebuilders)
        and not any(web.asked or web.admitted or web.committed for web in state.webs)
        and not any(payment & LATE for payment in ledger.payments)
        and in_step(config, state)
        and (not ledger.ended or (ledger.shrunk and redis.ended))
    )


def violation(config: Config, state: State) -> str:
    """Return the first invariant that this state breaks, or an empty string."""
    found = state.wrong or _always(config, state)
    if found:
        return found
    redis = state.redis
    if redis is None:
        return ""
    shrinking = state.pg.ended and not config.rules.shrink_in_bump
    if not shrinking and in_step(config, state) and not _loading(state):
        found = _in_step(config, state, redis)
    if not found and at_rest(config, state):
        found = _at_rest(config, state, redis)
    return found


def _loading(state: State) -> bool:
    return any(task is not None and (task.step == "load" or task.seen is not None) for task in state.rebuilders)


def _always(config: Config, state: State) -> str:
    ledger = state.pg
    live = live_units(config, ledger)
    if live > ledger.allocated:
        return f"OVERSOLD: {live} held or paid, {ledger.allocated} allocated"
    for member in range(config.members):
        if live_of_member(config, ledger, member) > config.limit:
            return f"LIMIT: member {member} has more than {config.limit}"
    for at, row in enumerate(ledger.rows):
        payment = ledger.payments[at]
        if state.answers[at] & WON and row is None:
            return f"LOST: request {at} heard 201 and has no order"
        if ledger.orders[at] != (row is not None):
            return f"ORDERS: request {at} has {ledger.orders[at]}"
        if payment & ACCEPTED and payment & REFUNDED:
            return f"PAYMENT: that of request {at} is accepted and refunded"
        if (payment & ACCEPTED == ACCEPTED) != (row is not None and row.status == "P"):
            return f"PAYMENT: that of request {at} and its order do not agree"
    return "NEGATIVE: units on offer" if state.redis is not None and state.redis.avail < 0 else ""


def _in_step(config: Config, state: State, redis: Redis) -> str:
    held = sum(config.requests[at].quantity for at, gen in enumerate(redis.held) if gen)
    if redis.avail + redis.park + held != state.pg.allocated:
        return "BOOKS: on offer, parked and held are not what was allocated"
    for at, row in enumerate(state.pg.rows):
        live, has = row is not None and row.live, redis.held[at]
        if row is not None and live and has < row.gen:
            return f"BOOKS: request {at} lives in PostgreSQL and is not held in Redis"
        excused = any(one.request == at and one.gen == has for one in state.pg.releases) or any(
            one.request == at and one.gen == has and one.epoch == redis.epoch for one in redis.journal
        )
        if has and not live and not excused:
            return f"LEAK: request {at} is held in Redis, in no row, no journal and no release row"
    return ""


def _at_rest(config: Config, state: State, redis: Redis) -> str:
    ledger, budget = state.pg, config.budget
    if redis.avail != ledger.allocated - live_units(config, ledger):
        return f"BOOKS at rest: {redis.avail} on offer, {ledger.allocated - live_units(config, ledger)} free"
    for member in range(config.members):
        if redis.units[member] != live_of_member(config, ledger, member):
            return f"MEMBER at rest: Redis counts {redis.units[member]} for member {member}"
    kept = state.budget.loss == budget.loss and state.budget.failover == budget.failover
    for at, row in enumerate(ledger.rows):
        if state.answers[at] & QUEUED and row is None and kept:
            return f"FORGOTTEN: request {at} heard 202, Redis lost nothing, and there is no order"
    return ""
