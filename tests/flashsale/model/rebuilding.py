"""The end of a sale and the rebuild of an item: step 8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.flashsale.model.rules import Config
from tests.flashsale.model.state import Ledger, Move, Redis, State, live_units, put, spend


class Rebuild(NamedTuple):
    """How far a rebuild has got, the epoch it began with or will load, and what it has read."""

    step: str
    epoch: int
    seen: Ledger | None = None


def moves(config: Config, state: State) -> Iterator[Move]:
    """Every step towards ending the sale, and of every rebuild."""
    if state.budget.end and not state.pg.ended:
        ledger = state.pg._replace(ended=True)
        if not config.rules.shrink_in_bump:
            ledger = ledger._replace(allocated=live_units(config, ledger))
        yield Move(
            "the sale is ended in PostgreSQL", False, state._replace(pg=ledger, budget=spend(state.budget, "end"))
        )
    if state.redis is not None and state.pg.ended and not state.redis.ended:
        news = state._replace(redis=state.redis._replace(ended=True))
        yield Move("state.lua: Redis hears of the end", False, news)
    for number, task in enumerate(state.rebuilders):
        if task is None:
            yield from _begin(config, state, number)
        else:
            yield _go_on(config, state, number, task)


def needed(config: Config, state: State) -> bool:
    """Whether an item cannot, or must not, go on as it is."""
    redis = state.redis
    if redis is None or (config.rules.fence and redis.epoch != state.pg.epoch):
        return True
    if (config.rules.stamp and redis.stamp != state.run) or (state.pg.ended and not state.pg.shrunk):
        return True
    nobody = all(task is None for task in state.rebuilders)
    return bool(redis.gate) and config.rules.rebuild_shut_items and nobody


def _begin(config: Config, state: State, number: int) -> Iterator[Move]:
    if number and state.pg.epoch >= 3:
        return  # Keeps the walk finite: the second rebuilder starts twice at most.
    must = needed(config, state)
    if not must and not state.budget.rebuild:
        return
    budget = state.budget if must else spend(state.budget, "rebuild")
    redis, task = state.redis, Rebuild("drain", state.pg.epoch)
    if not config.rules.drain:
        task = Rebuild("bump", state.pg.epoch)
    elif redis is not None:
        redis = redis._replace(gate=number + 1)
    after = state._replace(redis=redis, budget=budget, rebuilders=put(state.rebuilders, number, task))
    yield Move(f"rebuild{number}: reads epoch {task.epoch}, shuts the gate", must, after)


def _go_on(config: Config, state: State, number: int, task: Rebuild) -> Move:
    def at(task: Rebuild | None, state: State) -> State:
        return state._replace(rebuilders=put(state.rebuilders, number, task))

    redis, ledger, rules = state.redis, state.pg, config.rules
    if task.step != "load" and rules.bump_by_compare and ledger.epoch != task.epoch:
        return Move(f"rebuild{number}: the epoch has moved, gives up", True, at(None, state))
    if task.step == "drain":
        if redis is not None and redis.journal:
            # It settles as a worker does; the workers of the model do it for it.
            return Move(f"rebuild{number}: waits for the journal", False, state)
        after = at(task._replace(step="bump"), state)
        if not rules.bump_before_read:
            after = at(task._replace(step="bump", seen=ledger), state)
        return Move(f"rebuild{number}: sees the journal empty", True, after)
    if task.step == "bump":
        bumped = ledger._replace(epoch=ledger.epoch + 1)
        if bumped.ended and not bumped.shrunk:
            # Units that nobody holds go back to the SKU.
            rest = live_units(config, bumped) if rules.shrink_in_bump else bumped.allocated
            bumped = bumped._replace(allocated=rest, shrunk=True)
        seen = bumped if task.seen is None else task.seen
        after = at(Rebuild("load", bumped.epoch, seen), state._replace(pg=bumped))
        return Move(f"rebuild{number}: raises the epoch to {bumped.epoch} and reads the rows", True, after)
    assert task.seen is not None
    if redis is not None and (
        (rules.load_newer and redis.epoch >= task.epoch)
        or (rules.load_by_token and redis.gate != number + 1 and rules.drain)
    ):
        return Move(f"rebuild{number}: its load is refused", True, at(None, state))
    loaded = at(None, state._replace(redis=_loaded(config, state, task.epoch, task.seen)))
    return Move(f"rebuild{number}: loads and opens epoch {task.epoch}", True, loaded)


def _loaded(config: Config, state: State, epoch: int, seen: Ledger) -> Redis:
    held, units, records = [], [0] * config.members, []
    for request, row in zip(config.requests, seen.rows, strict=True):
        live = row is not None and row.live
        held.append(row.gen if row is not None and live else 0)
        records.append(row is not None if config.rules.all_records else live)
        if live:
            units[request.member] += request.quantity
    return Redis(
        epoch=epoch,
        stamp=state.run,
        gate=0,
        ended=seen.ended,
        avail=seen.allocated - live_units(config, seen),
        park=0,
        held=tuple(held),
        units=tuple(units),
        records=tuple(records),
        journal=frozenset(),
    )
