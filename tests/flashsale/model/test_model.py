"""The purchase path breaks no promise in any order of events; without any one of its rules it does."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.flashsale.model.rules import Budget, Config, Request, Rules
from tests.flashsale.model.search import walk

ALONE = (Request(0),)
RIVALS = (Request(0), Request(1))
SAME_MEMBER = (Request(0), Request(0))

WALKS = {
    "kill and loss, sent twice": Config(RIVALS, Budget(kill=1, loss=1), sends=2, queued=False),
    "kill, rebuild by hand, lost answer": Config(RIVALS, Budget(kill=1, rebuild=1, lost_answer=1), liveness=True),
    "kill and restart with data": Config(RIVALS, Budget(kill=1, restart=1), liveness=True),
    "failover to an older copy": Config(RIVALS, Budget(failover=1), sends=2, queued=False),
    "expiry, bought again, loss": Config(SAME_MEMBER, Budget(expire=1, loss=1), liveness=True),
    "late payment and loss": Config(RIVALS, Budget(expire=1, pay=1, loss=1), queued=False),
    "late payment and failover": Config(
        ALONE, Budget(expire=1, pay=1, failover=1), sends=2, queued=False, liveness=True
    ),
    "late payment twice at work, kill": Config(
        SAME_MEMBER, Budget(expire=2, pay=1, kill=1), webs=1, payers=2, queued=False
    ),
    "two rebuilds, loss and expiry": Config(ALONE, Budget(loss=1, expire=1), sends=2, rebuilders=2, queued=False),
    "two rebuilds by hand, kill": Config(ALONE, Budget(rebuild=2, kill=1), webs=1, rebuilders=2, liveness=True),
    "lease of the sold-out answer": Config(RIVALS, Budget(expire=1), sends=2, lease=True, queued=False),
    "two units at once": Config(
        (Request(0, 2), Request(1, 1)), Budget(expire=1, loss=1), allocated=2, limit=2, queued=False
    ),
    "two units, late payment": Config(
        (Request(0, 2), Request(1, 2)), Budget(expire=1, pay=1), allocated=3, limit=2, webs=1, queued=False
    ),
    "end and kill": Config(RIVALS, Budget(end=1, kill=1), allocated=2),
    "end, expiry, late payment": Config(
        RIVALS, Budget(end=1, expire=1, pay=1), allocated=2, webs=1, queued=False, liveness=True
    ),
}

BREAKS = {
    "fence": Config(RIVALS, Budget(loss=1), queued=False),
    "bump_before_read": Config(RIVALS, Budget(loss=1), queued=False),
    "all_records": Config(ALONE, Budget(loss=1, expire=1), sends=2, webs=1, queued=False),
    "release_by_generation": Config(ALONE, Budget(expire=1, pay=1), webs=1, queued=False),
    "release_waits_for_epoch": Config(ALONE, Budget(rebuild=1, expire=1), webs=1, queued=False),
    "rewin_by_generation": Config(ALONE, Budget(expire=1, pay=1), webs=1, queued=False),
    "rewin_in_journal": Config(ALONE, Budget(expire=1, pay=1), webs=1, queued=False),
    "limit_on_rewin": Config(SAME_MEMBER, Budget(expire=1, pay=1), allocated=2, webs=1, queued=False),
    "drain": Config(RIVALS, Budget(rebuild=1, kill=1)),
    "stamp": Config(RIVALS, Budget(failover=1), queued=False),
    "removal_by_epoch": Config(ALONE, Budget(loss=1, kill=1), sends=2, queued=False),
    "load_by_token": Config(ALONE, Budget(rebuild=2), webs=1, rebuilders=2),
    "bump_by_compare": Config(ALONE, Budget(rebuild=2), webs=1, rebuilders=2),
    "order_from_row": Config(ALONE, Budget(), queued=False),
    "commit_before_removal": Config(ALONE, Budget(kill=1)),
    "web_never_returns": Config(RIVALS, Budget(lost_answer=1), queued=False),
    "rebuild_shut_items": Config(ALONE, Budget(kill=1, rebuild=1), queued=False, liveness=True),
    "lease_knows_winners": Config(RIVALS, Budget(), sends=2, lease=True, queued=False),
    "park": Config(RIVALS, Budget(expire=1), sends=3, workers=0, lease=True, queued=False),
    "shrink_in_bump": Config(RIVALS, Budget(end=1), allocated=2, queued=False),
}

SPARE = {"load_newer"}
"""Rules that the others make superfluous in every walk here; kept because they cost nothing."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """The states hold no circles; searching them for some takes a third of the time."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("name", WALKS)
def test_protocol_keeps_its_promises(name: str) -> None:
    result = walk(WALKS[name])
    assert not result.violation, f"{name}: {result}"
    # A walk that nothing happens in would prove nothing.
    assert result.states > 1_000


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_is_needed(rule: str) -> None:
    config = BREAKS[rule]
    result = walk(config._replace(rules=Rules()._replace(**{rule: False})))
    print(f"without {rule}: {result}")
    assert result.violation, f"nothing breaks without {rule}"
    assert not walk(config).violation, "it breaks with the rule, too"


def test_every_rule_is_tried() -> None:
    assert set(Rules._fields) == BREAKS.keys() | SPARE
