"""The short seeded part of `make faults`: a small rush, a part killed in the middle of it, judged from outside."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from loadtest.faults.cases import CASES, Case
from loadtest.faults.run import arming, reaching, rush
from loadtest.faults.stand import Stand
from loadtest.plan import Buyer
from loadtest.site import Site

SHORT = (
    "valkey loses all its data",
    "postgres killed near sold-out",
    "killed after Redis before PostgreSQL",
    "web stopped across a rebuild",
)


BUYERS = 120


class Ground(NamedTuple):
    """A platform that serves all cases, and those who have bought nothing on it yet."""

    stand: Stand
    people: list[Buyer]
    mark: Path


@pytest.fixture(scope="module")
async def ground() -> AsyncIterator[Ground]:
    """A platform with the one point armed that a case waits for; a short path, for its sockets."""
    with tempfile.TemporaryDirectory(prefix="lf-faults-") as home:
        stand, mark = Stand(Path(home)), Path(home) / "armed" / "struck"
        (armed,) = [case for case in CASES if case.name in SHORT and case.point]
        try:
            await stand.start(arming(armed, 1, mark))
            async with reaching() as session:
                site = Site.find(session, stand.home, base_url=stand.base_url)
                yield Ground(stand, await site.buyers(BUYERS * len(SHORT)), mark)
        finally:
            code = await stand.stop()
        assert code == 0


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", [case for case in CASES if case.name in SHORT], ids=lambda case: case.name)
async def test_what_was_promised_holds_whatever_dies(ground: Ground, case: Case, tmp_path: Path) -> None:
    people = [ground.people.pop() for _ in range(BUYERS)]
    result = await rush(ground.stand, case, 1, people=people, stock=12, folder=tmp_path / "run", mark=ground.mark)
    assert result.struck, "the fault did not strike"
    assert result.in_flight > 0, "nothing was in flight as it struck"
    assert [f"{each.invariant}: {each.detail}" for each in result.findings if not each.held] == []


def test_every_named_case_exists() -> None:
    assert set(SHORT) <= {case.name for case in CASES}
