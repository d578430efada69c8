"""The demo: three shops, sixty products, twelve members, made up from first to last, and pictures drawn for them."""

from __future__ import annotations

from commerce.catalogue.demo.content_digital import DIGITAL
from commerce.catalogue.demo.content_home import HOME
from commerce.catalogue.demo.content_living import LIVING
from commerce.catalogue.demo.content_members import MEMBERS
from commerce.catalogue.demo.content_outdoor import OUTDOOR
from commerce.catalogue.demo.content_sales import SALES
from commerce.catalogue.demo.content_shops import BRANDS, CATEGORIES, SHOPS
from commerce.catalogue.demo.types import Address, Brand, Category, Member, Product, Sale, Shop, Sku

PRODUCTS: tuple[Product, ...] = (*HOME, *OUTDOOR, *DIGITAL, *LIVING)

__all__ = [
    "BRANDS",
    "CATEGORIES",
    "MEMBERS",
    "PRODUCTS",
    "SALES",
    "SHOPS",
    "Address",
    "Brand",
    "Category",
    "Member",
    "Product",
    "Sale",
    "Shop",
    "Sku",
]
