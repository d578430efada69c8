"""What the code itself tells people is told in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from server.features import FEATURES
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
    source = 'class A:\n code, message = "a", "甲"\n message = "乙"\n shown = "庚"\nraise Invalid("丙", "丁")\ncall.tr("戊")\nx = "己"\n'
    assert sorted(told(source)) == sorted("甲乙丙丁戊庚")


def test_every_refusal_has_its_english() -> None:
    english = Translations(FEATURES).english.texts
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    left = {
        str(path.relative_to(ROOT)): text for path in files for text in told(path.read_text()) if text not in english
    }
    assert len(files) > 100
    assert not left
