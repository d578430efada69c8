"""Texts as they stand in the cells of files for spreadsheets."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula begins for one spreadsheet or another; the wide signs where people write Chinese."""


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; ``meant`` gives back what it was."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def meant(text: str) -> str:
    """Return the text that ``safe`` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text
