"""Money is exact: shares sum to what was split, yuan texts are read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.money import amount, parse_yuan, split, yuan


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


@pytest.mark.parametrize(
    ("fen", "text"), [(224700, "2,247.00"), (5, "0.05"), (-123456789, "-1,234,567.89"), (99900, "999.00")]
)
def test_people_read_thousands_apart(fen: int, text: str) -> None:
    assert amount(fen) == text
    assert parse_yuan(text.replace(",", "").removeprefix("-")) == abs(fen)
