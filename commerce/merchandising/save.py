"""The one way a product is changed: checked, written, its prices and stock noted, and told to whoever listens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

import asyncpg
import msgspec
from pypinyin import lazy_pinyin

from commerce import stock
from commerce.catalogue.types import AttributeKind, ProductChanged, ProductPut, Status
from commerce.merchandising import store, video_store
from commerce.merchandising.check import faults, plain_number
from commerce.merchandising.differ import differences, item_differs
from commerce.merchandising.types import Change, Described, Faulty, Goods, Item, Say, Stale
from commerce.staff import On, audit
from server.database import Connection
from server.errors import NotFound
from server.events import publish

_NO_LETTER = re.compile(r"[^a-z0-9]+")


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes something, for what (``batch:7``, empty for the editor), and in which language they are told."""

    staff_id: int
    shops: tuple[int, ...] | None
    say: Say
    ref: str = ""
    address: str = ""
    agent: str = ""


class Saved(msgspec.Struct, frozen=True):
    """A product as it was kept, and what that changed."""

    goods: Goods
    changes: list[Change]


def slug_of(title: str) -> str:
    """Return a slug for a new product: its title's sounds, and a few random letters so that it is its own."""
    sounds = _NO_LETTER.sub("-", " ".join(lazy_pinyin(title)).lower()).strip("-")[:50].strip("-")
    return f"{sounds or 'item'}-{secrets.token_hex(3)}"


async def current(connection: Connection, product_id: int, shops: Sequence[int] | None) -> Goods:
    """Return a product of ``shops`` (None: any) as it is. Raises NotFound."""
    found = (await store.goods(connection, [product_id], shops)).get(product_id)
    if found is None:
        raise NotFound
    return found


async def check(
    connection: Connection, before: Goods | None, wanted: Goods, described: Sequence[Described], who: Who
) -> None:
    """Raise Faulty with everything that is wrong."""
    found = faults(
        wanted,
        await store.choices(connection, who.shops),
        described,
        await store.codes(connection, [item.code for item in wanted.skus]),
        before,
    )
    if wanted.video and not await video_store.known(connection, wanted.video):
        found["video"] = "没有这个视频，请重新上传"
    if "slug" not in found and await store.slug_taken(connection, wanted.slug, wanted.id):
        found["slug"] = "别的商品在用这个地址"
    if found:
        raise Faulty(found, who.say)


async def save(connection: Connection, before: Goods | None, wanted: Goods, who: Who) -> Saved:
    """Keep ``wanted`` in the place of ``before`` (None: it is new) in the caller's transaction.

    SKUs of ``before`` that ``wanted`` no longer has go off the shelf: orders, stock and sales know them. Locks the
    tree against changes, the stock of the SKUs whose figures change in ascending order, then the product. Raises
    Faulty; Stale, with what changed, when the product is no longer as it was in ``before``.
    """
    described = await store.attributes(connection, wanted.category_id)
    wanted = _with_plain_numbers(wanted, described)
    if before is not None:
        wanted = _with_gone(before, wanted)
    elif not wanted.slug:
        wanted = msgspec.structs.replace(wanted, slug=slug_of(wanted.title))
    changes = differences(before, wanted)
    if not changes and before is not None:
        return Saved(before, [])
    await store.hold_tree(connection)
    if before is not None and await store.version(connection, before.id) != before.version:
        raise Stale(details=await told_since(connection, before.id, before.version))
    described = await store.attributes(connection, wanted.category_id)
    await check(connection, before, wanted, described, who)
    actor, ref = f"staff:{who.staff_id}", who.ref
    try:
        if before is None:
            product_id = await store.add(connection, wanted)
            wanted, version = msgspec.structs.replace(wanted, id=product_id), 1
            ref = ref or f"product:{product_id}"
        else:
            version = before.version
            ref = ref or f"product:{wanted.id}"
            await _correct(connection, before, wanted, ref, who)
        if not await store.write(connection, wanted, version):
            raise Stale(details=await told_since(connection, wanted.id, version))
        wanted = msgspec.structs.replace(wanted, version=version + 1)
        wanted = await _write_skus(connection, before, wanted, ref, actor)
    except asyncpg.UniqueViolationError as error:
        field = "slug" if "slug" in str(error.constraint_name) else "skus"
        raise Faulty({field: "别的商品刚刚用了同样的货号或地址"}, who.say) from None
    if before is None or before.attributes != wanted.attributes:
        await store.write_attributes(connection, wanted.id, wanted.attributes)
    if before is not None and before.video != wanted.video:
        await video_store.released(connection, before.video)
    await _tell(connection, before, wanted, changes, ref, who)
    return Saved(wanted, changes)


async def told_since(connection: Connection, product_id: int, version: int) -> list[dict[str, object]]:
    """Return what others changed after ``version``, as details of a refusal."""
    return [
        {"by": edit.staff, "version": edit.version, "changes": msgspec.to_builtins(edit.changes)}
        for edit in await store.edits(connection, product_id, since=version)
    ]


def _with_gone(before: Goods, wanted: Goods) -> Goods:
    """Return ``wanted`` with the SKUs that it left out, off the shelf, behind those that it has.

    A new SKU with the specs of one that had gone is that one come back.
    """
    named = {item.id for item in wanted.skus}
    gone = {_key(item): item for item in before.skus if item.id not in named}
    skus = []
    for item in wanted.skus:
        back = gone.pop(_key(item), None) if item.id is None else None
        skus.append(item if back is None else msgspec.structs.replace(item, id=back.id))
    skus += [msgspec.structs.replace(item, status=Status.OFF) for item in gone.values()]
    return msgspec.structs.replace(wanted, skus=skus)


def _with_plain_numbers(wanted: Goods, described: Sequence[Described]) -> Goods:
    numbers = {one.id for one in described if one.kind is AttributeKind.NUMBER}
    attributes = {
        attribute_id: [plain_number(text) or text for text in texts] if attribute_id in numbers else texts
        for attribute_id, texts in wanted.attributes.items()
    }
    return msgspec.structs.replace(wanted, attributes=attributes)


def _key(item: Item) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(item.specs.items()))


async def _correct(connection: Connection, before: Goods, wanted: Goods, ref: str, who: Who) -> None:
    kept = {item.id: item for item in before.skus}
    moved = sorted(
        (item.id, item.on_hand - kept[item.id].on_hand, at)
        for at, item in enumerate(wanted.skus)
        if item.id is not None and item.id in kept and item.on_hand != kept[item.id].on_hand
    )
    for sku_id, difference, at in moved:
        try:
            await stock.correct(connection, sku_id, difference, ref, f"staff:{who.staff_id}")
        except stock.NotEnoughStock:
            raise Faulty({f"skus.{at}.on_hand": "已有订单占用，不能减这么多"}, who.say) from None


async def _write_skus(connection: Connection, before: Goods | None, wanted: Goods, ref: str, actor: str) -> Goods:
    kept = {item.id: (at, item) for at, item in enumerate(before.skus)} if before is not None else {}
    priced: list[tuple[Item | None, Item]] = []
    items = []
    for at, item in enumerate(wanted.skus):
        if item.id is None:
            made = msgspec.structs.replace(item, id=await store.add_sku(connection, wanted.id, item, at))
            assert made.id is not None
            priced.append((None, made))
            if made.on_hand:
                await stock.receive(connection, made.id, made.on_hand, ref, actor)
            items.append(made)
            continue
        was_at, was = kept[item.id]
        if item_differs(was, item) or was_at != at:
            await store.write_sku(connection, item, at)
        if (was.price, was.list_price) != (item.price, item.list_price):
            priced.append((was, item))
        items.append(item)
    await store.note_prices(connection, priced, ref, actor)
    return msgspec.structs.replace(wanted, skus=items)


async def _tell(
    connection: Connection, before: Goods | None, after: Goods, changes: Sequence[Change], ref: str, who: Who
) -> None:
    await store.note_edit(connection, after.id, after.version, who.staff_id, ref, changes)
    kind = "product_created" if before is None else "product_changed"
    await audit(
        connection,
        who.staff_id,
        kind,
        On("product", after.id, after.title),
        shop_id=after.shop_id,
        before={_field(change): change.before for change in changes},
        after={_field(change): change.after for change in changes},
        detail={"ref": ref} if ref else None,
    )
    what = tuple(dict.fromkeys(change.what for change in changes))
    await publish(connection, ProductChanged(product_id=after.id, what=what, staff_id=who.staff_id))
    if after.status is not (before.status if before is not None else Status.OFF):
        await publish(connection, ProductPut(product_id=after.id, status=after.status, staff_id=who.staff_id))


def _field(change: Change) -> str:
    return f"{change.sku} {change.what}" if change.sku else change.what
