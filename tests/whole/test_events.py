"""docs/events.md says what the features declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime import Hub, Says
from realtime.reference import text
from realtime.types import Ready
from server.application import Application


def test_the_page_of_events_is_up_to_date(app: Application) -> None:
    page = Path(__file__).parents[2] / "docs" / "events.md"
    assert page.read_text() == text(app.resource(Hub)), "python -m realtime.reference > docs/events.md"


def test_an_event_is_declared_once(app: Application) -> None:
    with pytest.raises(ValueError, match="declared already"):
        app.resource(Hub).says("/member", Says("ready", Ready))
