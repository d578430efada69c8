"""Take the demo's buyers' photos anew: ``python -m commerce.reviews.demo.photograph`` (needs Chromium; `make dev`).

Each shows the product as the catalogue draws it, in the colour that was bought, in a place where people would have it:
on a desk at a window, on a shelf, on the kitchen counter, on the floor, on the bed, on a hook, outside, at night. What
a phone does to a picture follows: a tilt, an edge that is not quite sharp, warm or cool light, grain.
"""

from __future__ import annotations

import io
import random
import shutil
import sys

from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import sync_playwright

from commerce.catalogue.demo.pictures import draw
from commerce.catalogue.demo.studio import prefixed
from commerce.reviews.demo.photos import FOLDER, PHOTOS
from commerce.reviews.demo.places import PLACES
from commerce.reviews.demo.types import Part, Photo
from server.pictures import THUMBNAILS

SIDES = ((600, 800), (720, 720), (600, 800))
FLAT = {"cloth", "parcel", "hook"}
"""Where things lie or hang: their shadow falls behind them, not at their foot."""


def _part(at: int, part: Part, place: str, wide: int, high: int) -> str:
    slug, tone, x, y, width, turn = part
    own = prefixed(draw(slug, tone), f"p{at}")
    w = width / 100 * wide
    dim = (
        "brightness(.78) sepia(.22)"
        if place == "night" and slug not in {"camp-lantern", "desk-lamp"}
        else "brightness(.97)"
    )
    fall = "drop-shadow(16px 20px 14px #150d06aa)" if place in FLAT else "drop-shadow(7px 3px 5px #150d0666)"
    shadow = "" if place in FLAT else own.shadow.replace('opacity="', 'opacity="1.').replace("1.0.", "0.9")
    lean = f"rotate({turn}deg)" if place in FLAT else f"rotate({turn}deg) skewX({-turn / 3:.1f}deg)"
    # The studio stands things on y = 345 of 400.
    left, top = x / 100 * wide - w / 2, y / 100 * high - w * (0.5 if place in FLAT else 0.86)
    return (
        f'<svg viewBox="0 0 400 400" style="position:absolute;overflow:visible;left:{left:.0f}px;top:{top:.0f}px;'
        f'width:{w:.0f}px;height:{w:.0f}px;transform:{lean};transform-origin:50% 86%;filter:{dim}">'
        f'<defs>{own.defs}</defs>{shadow}<g style="filter:{fall}">{own.body}</g></svg>'
    )


def page(name: str, photo: Photo) -> tuple[str, int, int]:
    """Return a photo as a page with its size."""
    chance = random.Random(name)
    wide, high = chance.choice(SIDES)
    back, light = PLACES[photo.place](chance)
    parts = "".join(_part(at, part, photo.place, wide, high) for at, part in enumerate(photo.parts))
    return (
        '<!doctype html><body style="margin:0"><svg style="position:absolute;width:0;height:0"><defs>'
        '<filter id="soft" x="-40%" y="-120%" width="180%" height="340%"><feGaussianBlur stdDeviation="11"/></filter>'
        '<filter id="near" x="-30%" y="-120%" width="160%" height="340%"><feGaussianBlur stdDeviation="4"/></filter>'
        '<filter id="sheen" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="2.2"/></filter>'
        f'</defs></svg><div style="position:relative;overflow:hidden;width:{wide}px;height:{high}px;background:#999">'
        f'<div style="position:absolute;inset:-5%;transform:rotate({chance.uniform(-2.2, 2.2):.1f}deg)">{back}</div>'
        f"{parts}{light}</div>",
        wide,
        high,
    )


def developed(name: str, shot: bytes) -> bytes:
    """Return a screenshot as a phone would have taken it."""
    chance = random.Random(name + "light")
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    wide, high = picture.size
    soft = picture.filter(ImageFilter.GaussianBlur(2.4))
    edge = Image.radial_gradient("L").resize((wide, high)).point([max(0, min(255, (v - 150) * 3)) for v in range(256)])
    picture = Image.composite(soft, picture.filter(ImageFilter.GaussianBlur(0.5)), edge)
    warm, bright = chance.uniform(-0.05, 0.06), chance.uniform(1.0, 1.15)
    tint = tuple(bright * part for part in (1 + warm, 1.0, 1 - warm))
    picture = Image.merge(
        "RGB",
        [
            band.point([min(255, int(6 + v * f * 0.97)) for v in range(256)])
            for band, f in zip(picture.split(), tint, strict=True)
        ],
    )
    dark = Image.radial_gradient("L").resize((wide, high)).point([255 - max(0, v - 130) // 4 for v in range(256)])
    picture = ImageChops.multiply(picture, Image.merge("RGB", [dark] * 3))
    dots = Image.frombytes("L", (wide // 2, high // 2), chance.randbytes((wide // 2) * (high // 2))).resize(
        (wide, high)
    )
    dots = dots.point([int(128 + (v - 128) * 0.07) for v in range(256)])
    picture = ImageChops.overlay(picture, Image.merge("RGB", [dots] * 3))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=64, method=6)
    return out.getvalue()


def small(photo: bytes) -> bytes:
    """Return a photo's smallest thumbnail: to make them when the demo is filled would take its time."""
    picture = Image.open(io.BytesIO(photo))
    picture.thumbnail((THUMBNAILS[0], THUMBNAILS[0]), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=76, method=6)
    return out.getvalue()


def main() -> int:
    """Take those photos that are asked for, or all."""
    wanted = sys.argv[1:] or list(PHOTOS)
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        camera = browser.new_page()
        for name in wanted:
            text, wide, high = page(name, PHOTOS[name])
            camera.set_viewport_size({"width": wide, "height": high})
            camera.set_content(text)
            photo = developed(name, camera.screenshot())
            for ending, picture in (("", photo), (f"-{THUMBNAILS[0]}", small(photo))):
                (FOLDER / f"{name}{ending}.webp").write_bytes(picture)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
