"""Money is exact: shares sum to what was split, yuan texts are read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.money import parse_yuan, split, yuan


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(lambda w: sum(w) > 0))
def test_shares_sum_to_the_whole(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    assert all(
        abs(share - total * weight / sum(weights)) < 1 + 1e-3 * total
        for share, weight in zip(shares, weights, strict=True)
    )
    assert all(share >= 0 for share in shares)


@given(st.integers(0, 10**12))
def test_yuan_is_read_back(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", ".", "1.", "1.234", "-1", "1e3", "１", "1,000", " ", "NaN", "0x10", "1 0"])
def test_a_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_yuan(text)


def test_there_must_be_something_to_split_over() -> None:
    with pytest.raises(ValueError, match="weights"):
        split(10, [0, 0])
