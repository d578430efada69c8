"""Builds products from their colours and sizes, so that the content stays readable."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from commerce.catalogue.demo.types import Product, Sku

Colour = tuple[str, str]
"""(name for people, key of the palette): the key ends the code and the picture's name."""

Size = tuple[str, str, int]
"""(name for people, end of the code, fen on top of the base price)."""


def grid(
    slug: str,
    code: str,
    *,
    price: int,
    list_price: int,
    stock: int,
    colours: Sequence[Colour] = (),
    sizes: Sequence[Size] = (),
    colour_axis: str = "颜色",
    size_axis: str = "规格",
    sold_out: Collection[str] = (),
) -> tuple[Sku, ...]:
    """Return one SKU for each colour and size. Prices are fen, ``stock`` is units of each SKU but those
    whose codes are ``sold_out``.

    The first colour wears the product's main picture ``slug``, the others ``slug-key``.
    """
    skus = []
    for at, (colour, key) in enumerate(colours or (("", ""),)):
        for size, end, extra in sizes or (("", "", 0),):
            specs = tuple(pair for pair in ((colour_axis, colour), (size_axis, size)) if pair[1])
            own = "-".join(part for part in (code, key.upper(), end) if part)
            skus.append(
                Sku(
                    code=own,
                    specs=specs or (("规格", "标准款"),),
                    price=price + extra,
                    list_price=list_price + extra,
                    stock=0 if own in sold_out else stock,
                    picture=slug if at == 0 or not key else f"{slug}-{key}",
                )
            )
    return tuple(skus)


def pictures(slug: str, skus: Sequence[Sku], *more: str) -> tuple[str, ...]:
    """Return the product's gallery: its face, the further views, then each colour once."""
    colours = dict.fromkeys(sku.picture for sku in skus if sku.picture != slug)
    return (slug, *(f"{slug}-{view}" for view in more), *colours)


def product(
    shop: str,
    category: str,
    brand: str,
    slug: str,
    title: str,
    subtitle: str,
    description: str,
    parameters: Sequence[tuple[str, str]],
    skus: tuple[Sku, ...],
    *views: str,
) -> Product:
    """Return a product whose gallery is its face, ``views`` (detail, scene …), then its colours."""
    return Product(
        slug=slug,
        shop=shop,
        category=category,
        brand=brand,
        title=title,
        subtitle=subtitle,
        description=description,
        parameters=tuple(parameters),
        pictures=pictures(slug, skus, *views),
        skus=skus,
    )
