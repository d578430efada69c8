"""Products out of kinds and brands, the same ones for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pypinyin import lazy_pinyin

from commerce.search.demo import content
from commerce.search.demo.types import Brand, Goods, Kind, Quality

SEED = 20
SHOPS = 36
TAGS = ("新品", "包邮", "满减", "次日达", "7天无理由", "正品保证", "百亿补贴", "清仓", "预售", "限量")
_LETTERS = "ABCDEFGHJKLMNPRSTVXYZ"


def _kind(line: str) -> Kind:
    slug, name, group, nouns, qualities, traits, people, prices, face = line.split("|")
    low, high = prices.split("-")
    return Kind(
        slug=slug,
        name=name,
        group=group,
        nouns=tuple(nouns.split()),
        qualities=tuple(_quality(one) for one in qualities.split(";")),
        traits=tuple(traits.split()),
        people=tuple(people.split()),
        prices=(int(low), int(high)),
        face=face,
    )


def _quality(text: str) -> Quality:
    name, values = text.split("=")
    name, _, unit = name.partition("#")
    return Quality(name=name, unit=unit, values=tuple(values.split(",")))


def _brands(line: str) -> Iterator[Brand]:
    group, names = line.split(": ")
    for text in names.split(", "):
        name, _, latin = text.partition(" ")
        yield Brand(slug=f"{''.join(lazy_pinyin(name))}-{group}", name=name, latin=latin, group=group)


_LINES = Path(__file__).with_name("kinds.txt").read_text(encoding="utf-8").splitlines()
KINDS: tuple[Kind, ...] = tuple(_kind(line) for line in _LINES if not line.startswith("#"))
BRANDS: tuple[Brand, ...] = tuple(brand for line in content.BRANDS.strip().splitlines() for brand in _brands(line))
_OF_GROUP = {group: [brand for brand in BRANDS if brand.group == group] for group in content.GROUPS}


def generate(count: int, seed: int = SEED) -> Iterator[Goods]:
    """Yield so many products. Popular kinds and brands have more of them; a longer run begins like a shorter one."""
    random = Random(seed)
    kind_weights = [1 / (1 + at % 17) ** 0.5 for at in range(len(KINDS))]
    for number in range(count):
        kind = random.choices(KINDS, kind_weights)[0]
        brands = _OF_GROUP[kind.group]
        brand = random.choices(brands, [1 / (1 + at) ** 0.7 for at in range(len(brands))])[0]
        yield _goods(random, number, kind, brand, seed)


def _goods(random: Random, number: int, kind: Kind, brand: Brand, seed: int) -> Goods:
    values = {quality.name: random.choice(quality.values) for quality in kind.qualities}
    coloured = kind.group not in content.COLOURLESS
    colours = random.sample(content.COLOURS, random.choice((1, 1, 2, 3))) if coloured else [""]
    if coloured:
        values["颜色"] = colours[0]
    model = random.choice(
        (
            f"{random.choice(_LETTERS)}{random.randint(1, 99)}",
            f"{random.choice(_LETTERS)}{random.choice(_LETTERS)}-{random.randint(100, 999)}",
            f"{random.choice(('Pro', 'Air', 'Max', 'Lite', 'SE', 'Plus'))} {random.randint(1, 15)}",
        )
    )
    low, high = (math.log(price) for price in kind.prices)
    yuan = math.exp(random.triangular(low, high, (low + high) / 2))
    price = max(100, round(yuan) * 100 - random.choice((0, 10, 100, 110)))
    skus = tuple((colour, price + 500 * at) for at, colour in enumerate(colours))
    return Goods(
        slug=f"g{seed}-{number}",
        kind=kind,
        brand=brand,
        model=model,
        title=_title(random, kind, brand, model, values, colours),
        subtitle="，".join(random.sample(kind.traits, min(2, len(kind.traits)))),
        values=values,
        tags=tuple(random.sample(TAGS, random.choice((0, 1, 1, 2)))),
        skus=skus,
        list_price=int(price * random.choice((1.2, 1.35, 1.5))) // 1000 * 1000 + 1900,
        in_stock=random.random() > 0.08,
        sales=int(random.lognormvariate(3.2, 2.0)),
        age_hours=random.randint(1, 24 * 730),
        shop=random.randrange(SHOPS),
    )


def _title(random: Random, kind: Kind, brand: Brand, model: str, values: dict[str, str], colours: list[str]) -> str:
    """Return a title as sellers write them: brand, model, praise and what it is by several names, in no fixed order."""
    units = {quality.name: quality.unit for quality in kind.qualities}
    told = [f"{values[name]}{units[name]}" for name in random.sample(list(units), random.randint(1, len(units)))]
    nouns = [random.choice(kind.nouns)]
    if len(kind.nouns) > 1 and random.random() < 0.6:
        nouns.append(random.choice([noun for noun in kind.nouns if noun not in nouns]))
    praise = random.sample(kind.traits, random.randint(1, min(2, len(kind.traits))))
    middle = [*told, *praise]
    random.shuffle(middle)
    begin = f"{brand.name}{f'（{brand.latin}）' if brand.latin and random.random() < 0.6 else ''}"
    parts = [begin, model if random.random() < 0.7 else "", *middle, nouns[0]]
    parts += [random.choice(kind.people), *nouns[1:]] if random.random() < 0.7 else nouns[1:]
    if colours[0] and random.random() < 0.3:
        parts.append(colours[0])
    glue = random.choice((" ", " ", ""))
    title = ""
    for part in filter(None, parts):
        close = title and title[-1].isascii() and part[0].isascii()
        title += f" {part}" if close and not glue else f"{glue if title else ''}{part}"
    return title.replace("） ", "）")[:110]
