"""What the demo's members say of its goods, ask about them and show of them, made up from first to last."""

from __future__ import annotations

from commerce.reviews.demo import content_digital, content_home, content_living, content_outdoor
from commerce.reviews.demo.types import Asked, Told

_ALL = (content_home, content_outdoor, content_digital, content_living)
TOLD: dict[str, tuple[Told, ...]] = {slug: told for each in _ALL for slug, told in each.TOLD.items()}
"""Reviews by the slug of their product."""
ASKED: dict[str, tuple[Asked, ...]] = {slug: asked for each in _ALL for slug, asked in each.ASKED.items()}

__all__ = ["ASKED", "TOLD", "Asked", "Told"]
