"""What a product has to be before it is kept: every fault at its field, the same for forms, JSON, batches and files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from commerce.catalogue.types import AttributeKind, Status
from commerce.merchandising.types import (
    MOST_AXES,
    MOST_FEN,
    MOST_PARAMETERS,
    MOST_PICTURES,
    MOST_SKUS,
    MOST_TAGS,
    MOST_UNITS,
    Choices,
    Described,
    Faults,
    Goods,
    Item,
)

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OURS = re.compile(r"/media/[A-Za-z0-9_./-]{1,200}")
_CODE = re.compile(r"[^\s\x00-\x1f]{1,40}")
_NUMBER = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,4})?")
NO_UNITS, TOO_MANY_UNITS = "库存要是 0 或更多的整数", "库存最多 1,000,000,000 件"
_TEXTS = {"title": 120, "subtitle": 160, "description": 20_000, "slug": 80}


def faults(
    goods: Goods,
    choices: Choices,
    described: Sequence[Described],
    codes: Mapping[str, int],
    before: Goods | None = None,
) -> Faults:
    """Return what is wrong with a product, by field. ``codes`` are the products that have its SKUs' codes already.

    Attributes that it has from ``before`` its category was moved or merged may stay.
    """
    found: Faults = {}
    if not goods.title.strip():
        found["title"] = "必填"
    for name, most in _TEXTS.items():
        if len(getattr(goods, name)) > most:
            found[name] = "写得太长"
    if SLUG.fullmatch(goods.slug) is None:
        found.setdefault("slug", "只用小写字母、数字和连字符")
    if goods.shop_id not in {shop.id for shop in choices.shops}:
        found["shop_id"] = "请选择店铺"
    if goods.category_id not in dict(choices.leaves()):
        found["category_id"] = "请选择最下一级分类"
    if goods.brand_id is not None and goods.brand_id not in {brand.id for brand in choices.brands}:
        found["brand_id"] = "没有这个品牌"
    if len(goods.tags) > MOST_TAGS or any(not 0 < len(tag) <= 20 for tag in goods.tags):
        found["tags"] = "最多 10 个标签，每个 20 字以内"
    if len(goods.parameters) > MOST_PARAMETERS or any(
        not (0 < len(name) <= 40 and 0 < len(value) <= 200) for name, value in goods.parameters
    ):
        found["parameters"] = "最多 40 行，每行“名称：内容”"
    pictures = goods.pictures
    if len(pictures) > MOST_PICTURES or len(set(pictures)) < len(pictures):
        found["pictures"] = "最多 15 张，不能重复"
    elif not all(_ours(picture) for picture in pictures):
        found["pictures"] = "只能用上传到本站的图片"
    elif any(len(text) > 120 for text in goods.alts.values()):
        found["pictures"] = "图片说明最多 120 字"
    elif goods.status is Status.ON and not pictures and not _bare(before):
        found["pictures"] = "上架前至少放一张图片"
    found |= _attributes(goods, described, before)
    found |= _axes(goods)
    for at, item in enumerate(goods.skus):
        found |= {f"skus.{at}.{name}": text for name, text in _item(goods, item, codes).items()}
    on = [item for item in goods.skus if item.status is Status.ON]
    if not goods.skus or (goods.status is Status.ON and not on):
        found["skus"] = "至少要有一个在售的规格"
    return found


def _bare(before: Goods | None) -> bool:
    """Tell whether a product is on the shelf without a picture already: what else is changed of it is no matter."""
    return before is not None and before.status is Status.ON and not before.pictures


def _ours(address: str) -> bool:
    return _OURS.fullmatch(address) is not None and ".." not in address


def plain_number(text: str) -> str | None:
    """Return a number as it is kept, without zeros that say nothing; None for what is none."""
    if _NUMBER.fullmatch(text) is None:
        return None
    plain = f"{Decimal(text):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def _attributes(goods: Goods, described: Sequence[Described], before: Goods | None) -> Faults:
    known = {one.id: one for one in described}
    stays = before.attributes if before is not None and before.category_id == goods.category_id else {}
    found: Faults = {}
    for attribute_id, texts in goods.attributes.items():
        one = known.get(attribute_id)
        if one is None and stays.get(attribute_id) == texts:
            continue
        if one is None:
            found[f"attributes.{attribute_id}"] = "这个分类没有这个属性"
        elif one.kind is AttributeKind.NUMBER:
            if len(texts) != 1 or plain_number(texts[0]) is None:
                found[f"attributes.{attribute_id}"] = "请填数字，最多四位小数"
        elif not set(texts) <= set(one.values):
            found[f"attributes.{attribute_id}"] = "没有这个选项"
    return found


def _axes(goods: Goods) -> Faults:
    names = goods.spec_names
    if len(names) > MOST_AXES or len(set(names)) < len(names) or any(not 0 < len(name) <= 20 for name in names):
        return {"spec_names": "最多三种规格，名称不能重复"}
    live = [item for item in goods.skus if item.status is Status.ON]
    if any(set(item.specs) != set(names) or not all(0 < len(v) <= 40 for v in item.specs.values()) for item in live):
        return {"skus": "每个规格都要有名称和取值"}
    ids = [item.id for item in goods.skus if item.id is not None]
    if len(set(ids)) < len(ids):
        return {"skus": "同一个规格出现了两次"}
    if len(goods.skus) > MOST_SKUS:
        return {"skus": "规格组合最多 200 个"}
    if any(count > 1 for count in Counter(tuple(sorted(item.specs.items())) for item in goods.skus).values()):
        return {"skus": "有两个规格组合完全一样"}
    return {}


def _item(goods: Goods, item: Item, codes: Mapping[str, int]) -> Faults:
    found: Faults = {}
    if _CODE.fullmatch(item.code) is None:
        found["code"] = "货号 1 到 40 个字符，不含空格"
    elif codes.get(item.code, goods.id) != goods.id:
        found["code"] = "别的商品在用这个货号"
    elif sum(other.code == item.code for other in goods.skus) > 1:
        found["code"] = "货号重复"
    if item.price <= 0:
        found["price"] = "售价要大于 0"
    elif item.price > MOST_FEN:
        found["price"] = "售价最高 1,000,000,000 元"
    if item.list_price is not None and item.list_price > MOST_FEN:
        found["list_price"] = "划线价最高 1,000,000,000 元"
    elif item.list_price is not None and item.list_price <= item.price:
        found["list_price"] = "划线价要高于售价"
    if item.on_hand < 0:
        found["on_hand"] = NO_UNITS
    elif item.on_hand > MOST_UNITS:
        found["on_hand"] = TOO_MANY_UNITS
    if item.picture and not _ours(item.picture):
        found["picture"] = "只能用上传到本站的图片"
    return found
