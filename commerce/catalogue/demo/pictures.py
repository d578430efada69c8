"""All pictures of the demo, by name: ``draw_all`` writes them when the demo is built; none is committed.

A name is a product's slug (its face), ``slug-tone`` (an SKU's colour) or ``slug-view`` (detail, scene …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from commerce.catalogue.demo import shapes_audio as audio
from commerce.catalogue.demo import shapes_bags as bags
from commerce.catalogue.demo import shapes_beauty as beauty
from commerce.catalogue.demo import shapes_bottles as bottles
from commerce.catalogue.demo import shapes_camp as camp
from commerce.catalogue.demo import shapes_devices as devices
from commerce.catalogue.demo import shapes_food as food
from commerce.catalogue.demo import shapes_gear as gear
from commerce.catalogue.demo import shapes_home as home
from commerce.catalogue.demo import shapes_kitchen as kitchen
from commerce.catalogue.demo import shapes_people as people
from commerce.catalogue.demo import shapes_wear as wear
from commerce.catalogue.demo.studio import TONES, Drawing, Tone, compose, render, zoom

Shape = Callable[[Tone], Drawing]

SHAPES: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "bottle": (bottles.bottle, ("ink", "sand", "green", "clay", "snow", "sky")),
    "wide-flask": (bottles.wide_flask, ("sky", "ink", "blush")),
    "tumbler": (bottles.tumbler, ("snow", "clay", "green")),
    "kettle": (bottles.kettle, ("steel", "ink")),
    "backpack": (bags.backpack, ("slate", "ink", "sand", "green")),
    "hiking-pack": (bags.hiking_pack, ("moss", "rock", "clay")),
    "duffel": (bags.duffel, ("ink", "clay")),
    "suitcase": (bags.suitcase, ("sage", "snow", "ink")),
    "umbrella": (bags.umbrella, ("slate", "green", "clay")),
    "tent": (camp.tent, ("sand", "moss")),
    "camp-chair": (camp.camp_chair, ("clay", "green")),
    "camp-lantern": (camp.camp_lantern, ("brass", "green")),
    "sleeping-bag": (camp.sleeping_bag, ("sky", "clay")),
    "cookset": (camp.cookset, ("ink",)),
    "headlamp": (camp.headlamp, ("ink",)),
    "trekking-poles": (camp.trekking_poles, ("ink",)),
    "shoe": (wear.shoe, ("red", "sky", "ink")),
    "hiking-boot": (wear.hiking_boot, ("brown", "rock")),
    "rain-jacket": (wear.rain_jacket, ("green", "amber", "ink")),
    "cap": (wear.cap, ("sand", "ink", "moss")),
    "yoga-mat": (wear.yoga_mat, ("blush", "green", "ink")),
    "dumbbell": (wear.dumbbell, ("ink",)),
    "dress": (wear.dress, ("sage", "sand", "ink")),
    "toy-car": (wear.toy_car, ("green", "clay")),
    "duvet": (home.duvet, ("snow",)),
    "towels": (home.towels, ("sky", "sand", "blush")),
    "desk-lamp": (home.desk_lamp, ("ink", "snow")),
    "basket": (home.basket, ("sand",)),
    "headphones": (audio.headphones, ("snow", "ink", "sand")),
    "earbuds": (audio.earbuds, ("snow", "green")),
    "speaker": (audio.speaker, ("green", "ink", "clay")),
    "bookshelf-speakers": (audio.bookshelf_speakers, ("brown",)),
    "phone": (devices.phone, ("mist", "ink", "clay")),
    "fold-phone": (devices.fold_phone, ("blush", "ink")),
    "tablet": (devices.tablet, ("silver",)),
    "laptop": (devices.laptop, ("silver", "ink")),
    "keyboard": (devices.keyboard, ("snow", "ink")),
    "mouse": (devices.mouse, ("snow", "ink", "blush")),
    "monitor": (devices.monitor, ("silver",)),
    "watch": (devices.watch, ("ink", "sand", "green")),
    "camera": (gear.camera, ("silver", "ink")),
    "projector": (gear.projector, ("snow",)),
    "power-bank": (gear.power_bank, ("snow", "ink", "sky")),
    "charger": (gear.charger, ("snow",)),
    "rice-cooker": (kitchen.rice_cooker, ("snow", "sage")),
    "air-fryer": (kitchen.air_fryer, ("green", "snow")),
    "dutch-oven": (kitchen.dutch_oven, ("clay", "green", "snow")),
    "knife": (kitchen.knife, ("steel",)),
    "bowls": (kitchen.bowls, ("sky", "moss")),
    "tea-set": (kitchen.tea_set, ("snow",)),
    "tea-tin": (food.tea_tin, ("green",)),
    "tea-box": (food.tea_box, ("moss",)),
    "coffee-beans": (food.coffee_beans, ("brown",)),
    "strawberries": (food.strawberries, ("red",)),
    "oranges": (food.oranges, ("amber",)),
    "nuts": (food.nuts, ("brown",)),
    "honey": (food.honey, ("amber",)),
    "lipstick": (beauty.lipstick, ("red", "blush", "clay")),
    "serum": (beauty.serum, ("brown",)),
    "cream": (beauty.cream, ("snow",)),
}
"""Shape and tones of each product; the first tone is the face, the others are its SKUs' colours."""

DETAILS: dict[str, tuple[float, float, float]] = {
    "bottle": (196, 110, 2.6),
    "hiking-pack": (200, 150, 2.0),
    "backpack": (216, 200, 2.1),
    "suitcase": (226, 150, 2.2),
    "shoe": (200, 220, 2.2),
    "rain-jacket": (200, 130, 2.2),
    "duvet": (110, 250, 2.4),
    "headphones": (110, 256, 2.3),
    "earbuds": (296, 250, 1.9),
    "phone": (124, 120, 2.6),
    "watch": (210, 200, 1.9),
    "air-fryer": (200, 200, 2.0),
    "knife": (170, 226, 2.2),
    "strawberries": (196, 214, 1.7),
    "lipstick": (176, 170, 2.2),
    "serum": (200, 240, 2.1),
    "dress": (200, 170, 2.0),
}
"""Where a product is worth a close look: x, y of the middle, and how near."""

SCENES: dict[str, tuple[str, tuple[tuple[str, str, float, float, float], ...]]] = {
    "backpack": (
        "sand",
        (("umbrella", "clay", 150, 20, 0.62), ("backpack", "slate", -30, 50, 0.84), ("bottle", "ink", 216, 166, 0.52)),
    ),
    "tent": (
        "night",
        (
            ("tent", "sand", 10, 20, 0.86),
            ("camp-chair", "clay", 226, 176, 0.48),
            ("camp-lantern", "brass", 10, 232, 0.38),
        ),
    ),
    "camp-lantern": ("night", (("tumbler", "clay", 200, 128, 0.6), ("camp-lantern", "brass", -10, 26, 0.9))),
    "shoe": (
        "sage",
        (("yoga-mat", "green", 96, 20, 0.7), ("shoe", "red", -10, 92, 0.82), ("bottle", "snow", 270, 150, 0.5)),
    ),
    "kettle": (
        "sand",
        (
            ("coffee-beans", "brown", 180, 36, 0.62),
            ("kettle", "steel", -20, 60, 0.78),
            ("tumbler", "snow", 236, 190, 0.46),
        ),
    ),
    "desk-lamp": (
        "stone",
        (("desk-lamp", "ink", 40, -8, 0.9), ("keyboard", "snow", -16, 214, 0.5), ("mouse", "snow", 206, 244, 0.3)),
    ),
    "headphones": ("sage", (("bookshelf-speakers", "brown", 100, 20, 0.72), ("headphones", "snow", -30, 110, 0.7))),
    "laptop": (
        "sand",
        (
            ("desk-lamp", "snow", 170, -10, 0.66),
            ("laptop", "silver", -20, 78, 0.78),
            ("tumbler", "clay", 262, 200, 0.4),
        ),
    ),
    "camera": ("sand", (("hiking-pack", "moss", 140, 0, 0.76), ("camera", "silver", -36, 128, 0.72))),
    "projector": ("night", (("bookshelf-speakers", "brown", 190, 90, 0.5), ("projector", "snow", -10, 40, 0.9))),
    "rice-cooker": ("sage", (("rice-cooker", "snow", -10, 10, 0.8), ("bowls", "sky", 190, 180, 0.5))),
    "dutch-oven": ("stone", (("dutch-oven", "clay", -10, 0, 0.82), ("knife", "steel", 160, 190, 0.5))),
    "tea-set": ("sand", (("kettle", "steel", 170, 0, 0.66), ("tea-set", "snow", -10, 110, 0.74))),
    "tea-tin": ("sage", (("tea-box", "moss", 150, 50, 0.6), ("tea-tin", "green", -40, 60, 0.82))),
}
"""Ground, and the products on it: shape, tone, x, y, scale; the farthest first."""


def draw(slug: str, tone: str) -> Drawing:
    """Return the drawing of a product in a tone."""
    return SHAPES[slug][0](TONES[tone])


def drawings() -> Iterator[tuple[str, str]]:
    """Yield every picture's name and SVG."""
    for slug, (_, tones) in SHAPES.items():
        for at, tone in enumerate(tones):
            yield (slug if at == 0 else f"{slug}-{tone}"), render(draw(slug, tone))
    for slug, (x, y, scale) in DETAILS.items():
        yield f"{slug}-detail", render(zoom(draw(slug, SHAPES[slug][1][0]), x, y, scale))
    for slug, (ground, parts) in SCENES.items():
        placed = [(draw(shape, tone), x, y, scale) for shape, tone, x, y, scale in parts]
        yield f"{slug}-scene", render(compose(ground, placed))
    yield "bottle-section", render(bottles.bottle_section(TONES["ink"]))
    yield "bottle-trio", render(bottles.bottle_trio(TONES["ink"]))
    yield "scene-tea", render(_table(), 1092, 600)
    props = ("tea-tin", "shoe", "rice-cooker", "backpack", "lipstick", "headphones")
    for (name, trait), prop in zip(people.HOSTS.items(), props, strict=True):
        yield name, render(people.host(trait, draw(prop, SHAPES[prop][1][0])), 360, 640)
    for at, trait in enumerate(people.MEMBERS, start=1):
        yield f"avatar-{at:02d}", render(people.person(trait))
    for name in people.LOGOS:
        yield name, people.logo(name)


def draw_all(folder: Path) -> dict[str, Path]:
    """Write every picture into ``folder`` as ``name.svg`` and return their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, svg in drawings():
        path = folder / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        written[name] = path
    return written


def _table() -> Drawing:
    """Return the wide table of the home page: tea, kettle and cups on the right, room for words on the left."""
    return compose(
        "sand",
        [
            (draw("kettle", "steel"), 690, 112, 1.14),
            (draw("tea-tin", "green"), 500, 196, 0.98),
        ],
    )
