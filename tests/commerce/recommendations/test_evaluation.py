"""Recommendations foresee orders that were held back, better than what is popular does."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from commerce.recommendations.command import BAR, EVALUATE
from commerce.recommendations.evaluation.score import evaluate
from commerce.recommendations.evaluation.world import Size, make

SMALL = Size(members=900, products=500, kinds=20, brands=30)


def test_lists_beat_what_is_popular() -> None:
    """In three worlds together: one of this size has too few people to tell a bar from luck."""
    results = [evaluate(make(SMALL, seed)) for seed in (1, 2, 3)]
    assert all(result.people > 150 for result in results)
    pooled = {
        name: sum(result.scores[name].hits * result.people for result in results)
        for name in ("recommended", "popular", "seen last")
    }
    assert pooled["recommended"] >= BAR * pooled["popular"], results
    assert pooled["recommended"] > pooled["seen last"], results
    for result in results:
        best, popular = result.scores["recommended"], result.scores["popular"]
        assert best.hits > popular.hits
        assert best.coverage > 0.5 > popular.coverage
        assert result.scores["seen most"].fresh < best.fresh < result.scores["recommended, unseen alone"].fresh


def test_a_world_without_taste_has_nothing_to_find() -> None:
    """What the lists are praised for is the structure of the world, not the way of measuring."""
    world = make(SMALL, 3)
    rng = np.random.default_rng(3)
    people = rng.permutation(world.trace.person)  # everybody's doings dealt out anew
    dealt = type(world.trace)(world.trace.day, people, world.trace.product, world.trace.order, world.trace.kept)
    result = evaluate(type(world)(world.size, world.goods, dealt))
    assert result.ratio < BAR


def test_a_world_is_made_of_its_seed_and_keeps_the_future_apart() -> None:
    tiny = Size(members=60, products=80, kinds=8, brands=9)
    one, same, other = make(tiny, 5), make(tiny, 5), make(tiny, 6)
    assert np.array_equal(one.trace.product, same.trace.product)
    assert not np.array_equal(one.trace.product[:50], other.trace.product[:50])
    assert one.deeds().age.min() > 0
    assert one.purchases().age.min() > 0
    known = set(zip(one.purchases().person.tolist(), one.purchases().product.tolist(), strict=True))
    assert not known & {(person, product) for person, had in one.held_back().items() for product in had}


@pytest.mark.parametrize(
    "wrong",
    ["--members 0", "--products -1", "--seeds 0", "--seeds x", "--noise 7", "--noise nan", "--members 1000000"],
)
def test_a_world_that_cannot_be_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    EVALUATE.arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(wrong.split())
    assert "use " in capsys.readouterr().err
    assert parser.parse_args(["--noise", "0", "--seeds", "12"]).seeds == 12
