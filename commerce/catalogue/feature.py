"""How the catalogue plugs in."""

from __future__ import annotations

from commerce.catalogue.blocks import HomeBlocks, ProductBlocks
from commerce.catalogue.demo_steps import DemoSteps
from server.application import Application


def setup(app: Application) -> None:
    """Register the catalogue."""
    app.provide(HomeBlocks, HomeBlocks())
    app.provide(ProductBlocks, ProductBlocks())
    app.provide(DemoSteps, DemoSteps())
