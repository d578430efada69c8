"""Expiry, cancellation and release: step 6."""

from __future__ import annotations

from collections.abc import Iterator

from tests.flashsale.model.rules import Config
from tests.flashsale.model.state import Entry, Move, Row, State, fit, put, spend


def moves(config: Config, state: State) -> Iterator[Move]:
    """Every step that the sweeper or a releaser can take."""
    if state.budget.expire:
        for at, row in enumerate(state.pg.rows):
            if row is not None and row.status == "H":
                yield Move(f"sweeper: {at} expires, a release row is written", False, _expire(state, at, row))
    for number, task in enumerate(state.releasers):
        yield from _work(config, state, number, task)
    if state.redis is not None and state.redis.park and all(web.lease is None for web in state.webs):
        ripe = state.redis._replace(avail=state.redis.avail + state.redis.park, park=0)
        yield Move("parked units are on offer again", True, state._replace(redis=ripe))


def _expire(state: State, at: int, row: Row) -> State:
    ledger = state.pg._replace(
        rows=put(state.pg.rows, at, Row("X", row.gen)),
        releases=state.pg.releases | {Entry(at, state.pg.epoch, row.gen)},
    )
    return state._replace(pg=ledger, budget=spend(state.budget, "expire"))


def _release(config: Config, state: State, row: Entry) -> State | None:
    """release.lua; None is 'later'."""
    redis = state.redis
    if redis is None or not fit(config, state):
        return None
    if config.rules.release_waits_for_epoch and redis.epoch < row.epoch:
        return None
    has = redis.held[row.request]
    if not has or (config.rules.release_by_generation and has != row.gen):
        return state
    member, quantity = config.requests[row.request]
    redis = redis._replace(
        held=put(redis.held, row.request, 0), units=put(redis.units, member, redis.units[member] - quantity)
    )
    if config.lease and config.rules.park:
        redis = redis._replace(park=redis.park + quantity)
    else:
        redis = redis._replace(avail=redis.avail + quantity)
    return state._replace(redis=redis)


def _work(config: Config, state: State, number: int, task: tuple[str, Entry] | None) -> Iterator[Move]:
    def at(step: tuple[str, Entry] | None, state: State) -> State:
        return state._replace(releasers=put(state.releasers, number, step))

    if task is None:
        for row in sorted(state.pg.releases):
            if _release(config, state, row) is not None:
                yield Move(f"releaser{number}: takes up {tuple(row)}", True, at(("release", row), state))
        return
    step, row = task
    if step == "done":
        ledger = state.pg._replace(releases=state.pg.releases - {row})
        yield Move(f"releaser{number}: marks {tuple(row)} as done", True, at(None, state._replace(pg=ledger)))
        return
    after = _release(config, state, row)
    if after is None:
        yield Move(f"releaser{number}: leaves {tuple(row)} for later", True, at(None, state))
    else:
        yield Move(f"releaser{number}: release.lua for {tuple(row)}", True, at(("done", row), after))
