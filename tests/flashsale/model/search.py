"""Walks through every reachable state, breadth first, so that a trace to a violation is a shortest one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from tests.flashsale.model import faults, invariants, paying, rebuilding, returning, selling
from tests.flashsale.model.rules import Config
from tests.flashsale.model.state import Move, State, initial


class Result(NamedTuple):
    """What a walk found: the violation and the steps to it, or nothing; and how many states it saw."""

    violation: str
    trace: list[str]
    states: int

    def __str__(self) -> str:
        """The trace as people read it."""
        steps = "\n".join(f"  {number:2}. {step}" for number, step in enumerate(self.trace, 1))
        return f"{self.violation or 'no violation'} ({self.states} states)\n{steps}"


class TooLarge(Exception):
    """The walk has more states than it was allowed: nothing is proven."""


def moves(config: Config, state: State) -> Iterator[Move]:
    """Every step that anything can take."""
    return chain(
        selling.moves(config, state),
        returning.moves(config, state),
        paying.moves(config, state),
        rebuilding.moves(config, state),
        faults.moves(config, state),
    )


def walk(config: Config, *, most: int = 400_000) -> Result:
    """Explore ``config`` completely, or up to the first violation. Raises TooLarge beyond ``most`` states."""
    start = initial(config)
    states, index = [start], {start: 0}
    origin: list[tuple[int, str]] = [(-1, "")]
    backwards: dict[int, list[int]] = {}

    def trace(at: int) -> list[str]:
        steps = []
        while at > 0:
            at, label = origin[at]
            steps.append(label)
        return steps[::-1]

    at = 0
    while at < len(states):
        state, stuck = states[at], True
        for label, duty, after in moves(config, state):
            if after is state:
                continue
            stuck = stuck and not duty
            known = index.setdefault(after, len(states))
            if known == len(states):
                states.append(after)
                origin.append((at, label))
                found = invariants.violation(config, after)
                if found:
                    return Result(found, trace(known), len(states))
                if known >= most:
                    raise TooLarge(f"more than {most} states")
            if duty and config.liveness:
                backwards.setdefault(known, []).append(at)
        if stuck and not invariants.at_rest(config, state):
            return Result("STUCK: nothing goes on, and it is not at rest", trace(at), len(states))
        at += 1
    if config.liveness:
        lost = _restless(config, states, backwards)
        if lost is not None:
            return Result("RESTLESS: from here it never comes to rest", trace(lost), len(states))
    return Result("", [], len(states))


def _restless(config: Config, states: list[State], backwards: dict[int, list[int]]) -> int | None:
    """Return the first state from which duties alone cannot lead to rest."""
    reached = {at for at, state in enumerate(states) if invariants.at_rest(config, state)}
    todo = list(reached)
    while todo:
        for before in backwards.get(todo.pop(), ()):
            if before not in reached:
                reached.add(before)
                todo.append(before)
    return next((at for at in range(len(states)) if at not in reached), None)
