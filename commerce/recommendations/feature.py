"""How recommendations plug in."""

from __future__ import annotations

from commerce.behaviour import Log
from commerce.catalogue import ProductBlock, ProductBlocks, Slot
from commerce.orders.types import OrderChanged
from commerce.recommendations import heard
from server.application import Application


def setup(app: Application) -> None:
    """Register recommendations, and what the log of behaviour hears of the floors below."""
    app.resource(Log).ask_for_products(heard.known)
    app.subscribe(OrderChanged, "behaviour.orders", heard.ordered)
    blocks = app.resource(ProductBlocks)
    blocks.add(ProductBlock(name="viewed", position=91, slot=Slot.BELOW, template="", values=heard.viewed))
