"""The short seeded part of `make faults`: a small rush, a part killed in the middle of it, judged from outside."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.faults.cases import CASES, Case
from loadtest.faults.run import run
from loadtest.faults.stand import Stand

SHORT = (
    "valkey loses all its data",
    "postgres killed near sold-out",
    "killed after Redis before PostgreSQL",
    "web stopped across a rebuild",
)


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """A platform whose data folder serves all cases; a short path, for its sockets."""
    with tempfile.TemporaryDirectory(prefix="lf-faults-") as home:
        yield Stand(Path(home))


@pytest.mark.faults
@pytest.mark.xdist_group("faults")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", [case for case in CASES if case.name in SHORT], ids=lambda case: case.name)
async def test_what_was_promised_holds_whatever_dies(stand: Stand, case: Case, tmp_path: Path) -> None:
    result = await run(stand, case, 1, buyers=120, stock=12, folder=tmp_path / "run")
    assert result.struck, "the fault did not strike"
    assert result.in_flight > 0, "nothing was in flight as it struck"
    assert [f"{each.invariant}: {each.detail}" for each in result.findings if not each.held] == []


def test_every_named_case_exists() -> None:
    assert set(SHORT) <= {case.name for case in CASES}
