"""The matrix of a product's SKUs: which is chosen, and where each further choice would lead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from commerce.catalogue.types import Product, Sku
from server.http import Call


class Can(StrEnum):
    """What an option offers beside the choices made before it."""

    BUY = "buy"
    SOLD_OUT = "sold_out"
    IMPOSSIBLE = "impossible"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a spec.

    ``sku_id`` is where choosing it leads, sold out or not; None where there is no such SKU. ``picture`` is that SKU's.
    """

    value: str
    can: Can
    chosen: bool
    sku_id: int | None
    picture: str


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """One spec with its values; ``pictured`` when each value has a picture of its own."""

    name: str
    options: list[Option]
    pictured: bool


def chosen(skus: Sequence[Sku], wanted: int | None) -> Sku | None:
    """Return the SKU that is shown: the wanted one, else the first that can be bought, else the first."""
    by_id = {sku.id: sku for sku in skus}
    if wanted in by_id:
        return by_id[wanted]
    return next((sku for sku in skus if sku.free > 0), skus[0] if skus else None)


def chosen_sku(call: Call, product: Product) -> Sku | None:
    """Return the SKU that a product's page shows: what `?sku=` says, or the first that can be bought."""
    wanted = call.request.query.get("sku", "")
    return chosen(product.on_shelf, int(wanted) if re.fullmatch("[0-9]{1,18}", wanted) else None)


def axes(skus: Sequence[Sku], current: Sku, names: Sequence[str]) -> list[Axis]:
    """Return the specs with their values as they stand to ``current``.

    A value is judged by the values chosen before it, so the first axis is always open wherever anything can be had
    and no choice leads to a dead end; later axes follow as closely as they can. What is sold out may be chosen, to be
    told when it is there again.
    """
    made = []
    for at, name in enumerate(names):
        before = {spec: current.specs.get(spec) for spec in names[:at]}
        options = []
        for value in dict.fromkeys(sku.specs[name] for sku in skus if name in sku.specs):
            within = [sku for sku in skus if sku.specs.get(name) == value and _agrees(sku, before)]
            target = _closest(within, current, names[at + 1 :])
            can = Can.IMPOSSIBLE if target is None else Can.BUY if any(sku.free > 0 for sku in within) else Can.SOLD_OUT
            options.append(
                Option(
                    value=value,
                    can=can,
                    chosen=current.specs.get(name) == value,
                    sku_id=target.id if target is not None else None,
                    picture=next((sku.picture for sku in skus if sku.specs.get(name) == value), ""),
                )
            )
        pictures = [option.picture for option in options]
        made.append(Axis(name=name, options=options, pictured=len(set(pictures)) == len(pictures) > 1))
    return made


def table(skus: Sequence[Sku], names: Sequence[str]) -> list[tuple[str, bool, list[str]]]:
    """Return each SKU's id, whether it can be bought and its values by spec, for choices to add up in the browser."""
    return [(str(sku.id), sku.free > 0, [sku.specs.get(name, "") for name in names]) for sku in skus]


def _agrees(sku: Sku, specs: dict[str, str | None]) -> bool:
    return all(sku.specs.get(name) == value for name, value in specs.items())


def _closest(within: Sequence[Sku], current: Sku, names: Sequence[str]) -> Sku | None:
    """Return the SKU that can be bought, if any can, and keeps most of the later choices, the earlier ones first."""

    def rank(sku: Sku) -> tuple[bool, tuple[bool, ...]]:
        return (sku.free > 0, tuple(sku.specs.get(name) == current.specs.get(name) for name in names))

    return max(within, key=rank, default=None)
