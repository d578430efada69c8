"""Texts are text: what nobody sees goes, what people mean stays."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.reviews.plain import plain, said
from commerce.reviews.watched import met
from server.errors import Invalid


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("一\r\n二\r三\u2028四", "一\n二\n三\n四"),
        ("一\n\n\n\n\n二", "一\n\n二"),
        ("  很\u3000好 \t ", "很 好"),
        ("a\u202eb\u2066c\u200fd\u061ce", "abcde"),
        ("a\u200bb\u2060c\ufeffd\u00ade\u200cf", "abcdef"),
        ("\x00\x07好\x1b[31m", "好[31m"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥", "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥"),
        ("a\u200db", "ab"),
        ("Z" + "\u0301" * 40, "Z\u0301\u0301"),
        ("é\u3164\u2800", "é"),
        ("<script>alert(1)</script> **b**", "<script>alert(1)</script> **b**"),
        ("\U000e0041好\ue000", "好"),
    ],
)
def test_what_stays_of_a_text(given_: str, kept: str) -> None:
    assert plain(given_) == kept


@given(st.text())
def test_whatever_comes_is_plain_and_stays_so(text: str) -> None:
    made = plain(text)
    assert plain(made) == made
    assert not [sign for sign in made if unicodedata.category(sign) in ("Cc", "Cs", "Co") and sign != "\n"]
    assert not set(made) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\u2060\ufeff")
    assert "\n\n\n" not in made
    made.encode()


def test_what_nothing_is_left_of_is_missing() -> None:
    with pytest.raises(Invalid):
        said("\u200b\u202e", "text", 10)
    assert said("\u200b", "text", 10, required=False) == ""
    with pytest.raises(Invalid):
        said("长" * 11, "text", 10)


def test_words_are_found_however_they_are_spaced() -> None:
    words = ["加微信", "ad", "刷单"]
    assert met("请 加—微\n信", words) == ["加微信"]
    assert met("ＡＤ：刷，单", words) == ["ad", "刷单"]
    assert met("add road 微信加", words) == []
    assert met("please add — WeChat", ["addwechat", "wechat"]) == ["addwechat", "wechat"]
    assert met("w e.c h a t", ["wechat"]) == ["wechat"]
    assert met("a glass", ["ass", "agla"]) == []
