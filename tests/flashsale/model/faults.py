"""What goes wrong from outside."""

from __future__ import annotations

from collections.abc import Iterator

from tests.flashsale.model.rules import Config
from tests.flashsale.model.state import Move, State, Web, put, spend


def moves(config: Config, state: State) -> Iterator[Move]:
    """Every fault that the budget still allows."""
    if state.budget.kill:
        yield from _kills(state)
    if state.redis is None:
        return
    if state.budget.loss:
        lost = state._replace(redis=None, copy=None, run=state.run + 1, budget=spend(state.budget, "loss"))
        yield Move("Redis restarts empty", False, lost)
    if state.budget.restart:
        restarted = state._replace(run=state.run + 1, budget=spend(state.budget, "restart"))
        yield Move("Redis restarts with its data", False, restarted)
    if state.budget.failover:
        if state.copy is None:
            yield Move("(a replica follows no further)", False, state._replace(copy=state.redis))
        elif state.copy != state.redis:
            budget = spend(state.budget, "failover")
            older = state._replace(redis=state.copy, copy=None, run=state.run + 1, budget=budget)
            yield Move("failover: that older copy is Redis now", False, older)


def _kills(state: State) -> Iterator[Move]:
    budget = spend(state.budget, "kill")
    for number, web in enumerate(state.webs):
        if web != Web():
            yield Move(
                f"kill -9 web{number}", False, state._replace(webs=put(state.webs, number, Web()), budget=budget)
            )
    for number, task in enumerate(state.workers):
        if task is not None:
            after = state._replace(workers=put(state.workers, number, None), budget=budget)
            yield Move(f"kill -9 worker{number}", False, after)
    for number, task in enumerate(state.releasers):
        if task is not None:
            after = state._replace(releasers=put(state.releasers, number, None), budget=budget)
            yield Move(f"kill -9 releaser{number}", False, after)
    for number, task in enumerate(state.payers):
        if task is not None:
            after = state._replace(payers=put(state.payers, number, None), budget=budget)
            yield Move(f"kill -9 payer{number}", False, after)
    for number, task in enumerate(state.rebuilders):
        if task is not None:
            after = state._replace(rebuilders=put(state.rebuilders, number, None), budget=budget)
            yield Move(f"kill -9 rebuild{number}", False, after)
