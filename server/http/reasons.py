"""What msgspec says is wrong with an input, in our own words: a reason that can be told in every language."""

from __future__ import annotations

import re
from collections.abc import Callable

Reason = tuple[str, dict[str, object]]
"""A text to be translated, and what fills its places; texts among these are translated too."""

_KINDS = {
    "str": "文字",
    "int": "整数",
    "float": "数字",
    "bool": " true 或 false",
    "array": "列表",
    "object": "对象",
    "null": "空值",
}
_INSTANT = "要写成时间，如 2026-01-31T12:00:00Z"


def _mistaken(wanted: str, got: str) -> Reason:
    kinds = [kind for kind in wanted.split(" | ") if kind != "null"]
    if len(kinds) == 1 and kinds[0] in _KINDS and got in _KINDS:
        return "要的是{wanted}，给的是{got}", {"wanted": _KINDS[kinds[0]], "got": _KINDS[got]}
    return "类型不对", {}


def _measured(kind: str, sign: str, limit: str) -> Reason:
    texts = {
        ("str", ">="): "至少 {limit} 个字符",
        ("str", "<="): "最多 {limit} 个字符",
        ("array", ">="): "至少 {limit} 项",
        ("array", "<="): "最多 {limit} 项",
    }
    if (sign, limit) == (">=", "1"):
        return "不能为空", {}
    return texts["str" if kind == "str" else "array", sign], {"limit": limit}


# In this order: the first that fits.
_RULES: tuple[tuple[re.Pattern[str], Callable[..., Reason]], ...] = (
    (re.compile(r"Expected `(?:datetime|date|time)[ `]|Invalid RFC3339"), lambda: (_INSTANT, {})),
    (re.compile(r"Expected `([^`]+)` of length (>=|<=) (\d+)"), _measured),
    (re.compile(r"Expected `[^`]+` of length (\d+)"), lambda count: ("要正好 {count} 项", {"count": count})),
    (re.compile(r"Expected `[^`]+` >= (\S+)"), lambda limit: ("不能小于 {limit}", {"limit": limit})),
    (re.compile(r"Expected `[^`]+` <= (\S+)"), lambda limit: ("不能大于 {limit}", {"limit": limit})),
    (re.compile(r"Expected `[^`]+` that's a multiple of (\S+)"), lambda step: ("要是 {step} 的倍数", {"step": step})),
    (re.compile(r"Expected `([^`]+)`, got `([^`]+)`"), _mistaken),
    (re.compile(r"Expected `[^`]+` matching regex|Invalid (?:UUID|decimal|base64)"), lambda: ("格式不对", {})),
    (re.compile(r"Invalid (?:enum )?value"), lambda: ("没有这个选项", {})),
)


def reason(complaint: str) -> Reason:
    """Return why an input was refused, by msgspec's complaint about it."""
    for pattern, told in _RULES:
        if found := pattern.match(complaint):
            return told(*found.groups())
    return "不符合要求", {}
