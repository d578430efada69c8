"""Reviews and questions of the demo."""

from __future__ import annotations

from commerce.catalogue import DemoStep
from commerce.catalogue.demo_steps import DemoRun


async def add_reviews(run: DemoRun) -> None:
    """Nothing yet."""


STEP = DemoStep(name="reviews", position=65, run=add_reviews)
