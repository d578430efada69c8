"""The catalogue: shops, categories, brands, products and their SKUs; home and product pages.

Features above ask about SKUs here, and put their own blocks on the home and product pages and their own data into the
demo through the registries HomeBlocks, ProductBlocks and DemoSteps (each ``app.resource(…).add(…)`` in ``setup``).
"""

from commerce.catalogue.blocks import HomeBlock, HomeBlocks, Offer, ProductBlock, ProductBlocks, Slot
from commerce.catalogue.demo_steps import DemoRun, DemoStep, DemoSteps
from commerce.catalogue.matrix import chosen_sku
from commerce.catalogue.sku_store import add_sales, sku, sku_infos
from commerce.catalogue.store import product
from commerce.catalogue.types import Product, SkuInfo

__all__ = [
    "DemoRun",
    "DemoStep",
    "DemoSteps",
    "HomeBlock",
    "HomeBlocks",
    "Offer",
    "Product",
    "ProductBlock",
    "ProductBlocks",
    "SkuInfo",
    "Slot",
    "add_sales",
    "chosen_sku",
    "product",
    "sku",
    "sku_infos",
]
