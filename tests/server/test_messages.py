"""What the code itself tells people is told in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from babel.messages.pofile import read_po
from msgspec import Meta

from server.errors import Invalid
from server.features import FEATURES
from server.http import reasons
from server.http.bodies import Body, decode_json
from server.i18n import Translations

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("server", "realtime", "commerce", "flashsale")
CHINESE = re.compile("[\u4e00-\u9fff]")


def told(source: str) -> Iterator[str]:
    """Yield the Chinese texts that are the reason of an Invalid, the message of a refusal, or given to a translator."""
    for node in ast.walk(ast.parse(source)):
        texts: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = node.args if name in ("Invalid", "tr") else []
        elif isinstance(node, ast.Assign):
            names = [each for target in node.targets for each in getattr(target, "elts", [target])]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            texts = [
                value
                for target, value in zip(names, values, strict=False)
                if isinstance(target, ast.Name) and target.id in ("message", "shown")
            ]
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and CHINESE.search(text.value):
                yield text.value


def test_what_is_told_is_found() -> None:
    source = """
class A:
    code, message = "a", "甲"
    message = "乙"
    shown = "庚"
raise Invalid("丙", "丁")
call.tr("戊")
x = "己"
"""
    assert sorted(told(source)) == sorted("甲乙丙丁戊庚")


def test_every_refusal_has_its_english() -> None:
    english = Translations(FEATURES).english.texts
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    left = {
        str(path.relative_to(ROOT)): text for path in files for text in told(path.read_text()) if text not in english
    }
    assert len(files) > 100
    assert not left


class Colour(Enum):
    RED = "red"


class Thing(Body, frozen=True):
    """A body with every kind of rule."""

    name: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    least: Annotated[str, Meta(min_length=2)] = "aa"
    code: Annotated[str, Meta(pattern="^[a-z]$")] = "a"
    count: Annotated[int, Meta(ge=2, le=5)] = 2
    even: Annotated[int, Meta(multiple_of=2)] = 2
    rate: Annotated[float, Meta(ge=0.5)] = 1.0
    yes: bool = True
    maybe: int | None = None
    either: int | bool = 1
    colour: Colour = Colour.RED
    some: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=2, max_length=3)] = msgspec.field(
        default_factory=list
    )
    pair: tuple[int, int] = (1, 1)
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    at: datetime | None = None
    day: date | None = None
    sure: Annotated[datetime, Meta(tz=True)] | None = None


@pytest.mark.parametrize(
    ("given", "field", "chinese", "english"),
    [
        ({"name": 5}, "name", "要的是文字，给的是整数", "Expected text, got a whole number"),
        ({"name": ""}, "name", "不能为空", "Must not be empty"),
        ({"name": "aaaa"}, "name", "最多 3 个字符", "At most 3 characters"),
        ({"least": "a"}, "least", "至少 2 个字符", "At least 2 characters"),
        ({"code": "A"}, "code", "格式不对", "Not in the right form"),
        ({"count": 1}, "count", "不能小于 2", "Must be at least 2"),
        ({"count": 6}, "count", "不能大于 5", "Must be at most 5"),
        ({"count": "x"}, "count", "要的是整数，给的是文字", "Expected a whole number, got text"),
        ({"even": 3}, "even", "要是 2 的倍数", "Must be a multiple of 2"),
        ({"rate": 0.25}, "rate", "不能小于 0.5", "Must be at least 0.5"),
        ({"yes": []}, "yes", "要的是 true 或 false，给的是列表", "Expected true or false, got a list"),
        ({"maybe": {}}, "maybe", "要的是整数，给的是对象", "Expected a whole number, got an object"),
        ({"name": None}, "name", "要的是文字，给的是空值", "Expected text, got nothing (null)"),
        ({"either": []}, "either", "类型不对", "Wrong type"),
        ({"colour": "blue"}, "colour", "没有这个选项", "There is no such choice"),
        ({"some": [1]}, "some", "至少 2 项", "At least 2 items"),
        ({"some": [1, 2, 3, 4]}, "some", "最多 3 项", "At most 3 items"),
        ({"some": [1, 0]}, "some[1]", "不能小于 1", "Must be at least 1"),
        ({"pair": [1]}, "pair", "要正好 2 项", "Exactly 2 items"),
        ({"texts": {"a": 1}}, "texts[...]", "要的是文字，给的是整数", "Expected text, got a whole number"),
        ({"at": "soon"}, "at", "要写成时间，如 2026-01-31T12:00:00Z", "Write a time such as 2026-01-31T12:00:00Z"),
        ({"at": []}, "at", "要写成时间，如 2026-01-31T12:00:00Z", "Write a time such as 2026-01-31T12:00:00Z"),
        ({"sure": "2026-01-31T12:00:00"}, "sure", "要写成时间，如", "Write a time such as"),
        ({"other": 1}, "other", "没有这个字段", "There is no such field"),
    ],
)
def test_what_is_wrong_with_an_input_is_said_in_one_language(
    given: dict[str, object], field: str, chinese: str, english: str
) -> None:
    with pytest.raises(Invalid) as refused:
        decode_json(msgspec.json.encode(given), Thing)
    assert refused.value.field == field
    translations = Translations(FEATURES)
    assert refused.value.reason(translations.source).startswith(chinese)
    told = refused.value.reason(translations.english)
    assert told.startswith(english)
    assert not CHINESE.search(told)


def test_every_reason_has_its_english() -> None:
    source = ast.parse(Path(reasons.__file__).read_text())
    texts = {node.value for node in ast.walk(source) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    english = Translations(FEATURES).english.texts
    wanted = {text for text in texts if CHINESE.search(text)}
    assert len(wanted) > 15
    assert not {text for text in wanted if text not in english}


def test_a_complaint_that_nobody_foresaw_is_not_passed_on() -> None:
    assert reasons.reason("Something new in `msgspec`") == ("不符合要求", {})


def test_a_text_has_one_english_whatever_room_says_it() -> None:
    said: dict[str, dict[str, str]] = {}
    for feature in FEATURES:
        path = ROOT / feature.replace(".", "/") / "locale" / "en.po"
        if path.exists():
            with path.open("rb") as file:
                for message in read_po(file):
                    if isinstance(message.id, str) and message.id:
                        said.setdefault(message.id, {}).setdefault(str(message.string), feature)
    assert len(said) > 1000
    assert {text: given for text, given in said.items() if len(given) > 1} == {}
