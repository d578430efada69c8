"""The demo's photo studio: one ground, one light from the top left, one shadow; colours come as tones.

A shape is a function from a tone to a drawing; everything is SVG text without styles or scripts, the same at each run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

SIZE = 400

Stop = tuple[float, str] | tuple[float, str, float]
"""(offset, colour) or (offset, colour, opacity)."""


class Tone(msgspec.Struct, frozen=True):
    """A colour of a product as the light makes it, and the ground it stands on best."""

    dark: str
    base: str
    light: str
    ground: str
    mark: str = "#fff"


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing on the studio's square: gradients, what is seen, and the shadow under it."""

    ground: str
    defs: str
    body: str
    shadow: str = ""


TONES: dict[str, Tone] = {
    "ink": Tone("#1c2228", "#343d46", "#7d8993", "sand"),
    "sand": Tone("#b59f80", "#dccab0", "#fbf3e6", "mist", "#6b5a44"),
    "green": Tone("#1d3a2e", "#33604c", "#86ad9a", "sage"),
    "clay": Tone("#7d422e", "#b56c50", "#e9b49c", "blush"),
    "snow": Tone("#aaa59d", "#e4e1db", "#ffffff", "stone", "#6b5a44"),
    "sky": Tone("#42606f", "#7c9fb2", "#cfe1ea", "mist"),
    "moss": Tone("#3c4526", "#69744a", "#a9b284", "sage"),
    "rock": Tone("#45484a", "#767b7d", "#b6bbbc", "stone"),
    "slate": Tone("#232c3a", "#4c5b70", "#a9b8cb", "mist"),
    "sage": Tone("#6f7c63", "#a9b59b", "#e3e9da", "stone", "#4d5944"),
    "blush": Tone("#a06a62", "#d6a59b", "#f7ddd6", "blush"),
    "red": Tone("#7d220f", "#b83a1f", "#e8755a", "stone"),
    "brown": Tone("#4a2c16", "#7d5231", "#b98d63", "sand"),
    "amber": Tone("#8a5a12", "#d39a34", "#f6d894", "mist", "#5c3c0a"),
    "brass": Tone("#6d4c1c", "#b08a4a", "#f0d9a4", "sand"),
    "steel": Tone("#7a746d", "#c9c4bd", "#ffffff", "sage", "#5d564e"),
    "silver": Tone("#7f868b", "#c3c9cc", "#f6f8f9", "mist", "#545a5e"),
    "mist": Tone("#5f7370", "#a9bab7", "#e3ebe9", "stone", "#4b5c59"),
}

GROUNDS: dict[str, tuple[str, str]] = {
    "sand": ("#f6f0e6", "#dfd2bf"),
    "mist": ("#eef2f3", "#cfd8dc"),
    "sage": ("#eef1e9", "#cdd7c6"),
    "blush": ("#f8ece7", "#e6cfc5"),
    "stone": ("#f3f1ed", "#d7d2c9"),
    "night": ("#4a4641", "#2a2724"),
}


def linear(name: str, stops: Sequence[Stop], x1: float = 0, y1: float = 0, x2: float = 1, y2: float = 0) -> str:
    """Return a linear gradient; without coordinates it runs from left to right."""
    return f'<linearGradient id="{name}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">{_stops(stops)}</linearGradient>\n'


def radial(name: str, stops: Sequence[Stop], cx: float = 0.32, cy: float = 0.25, r: float = 0.85) -> str:
    """Return a radial gradient, lit from the top left."""
    return f'<radialGradient id="{name}" cx="{cx}" cy="{cy}" r="{r}">{_stops(stops)}</radialGradient>\n'


def round_(name: str, tone: Tone) -> str:
    """Return the gradient of something round and upright: a highlight on the left, light coming back on the right."""
    d, b, w = tone.dark, tone.base, tone.light
    return linear(name, [(0, d), (0.1, b), (0.26, w), (0.42, b), (0.82, d), (0.96, b), (1, d)])


def slope(name: str, tone: Tone, x2: float = 0.9, y2: float = 1) -> str:
    """Return the gradient of a surface that turns away from the light."""
    return linear(name, [(0, tone.light), (0.4, tone.base), (1, tone.dark)], 0, 0, x2, y2)


def fade(name: str, colour: str = "#000", opacity: float = 0.28) -> str:
    """Return a shade that grows towards the foot."""
    return linear(name, [(0, colour, 0), (0.6, colour, 0), (1, colour, opacity)], 0, 0, 0, 1)


def shine(path: str, width: float = 7, opacity: float = 0.5, colour: str = "#fff") -> str:
    """Return a soft stroke of light along ``path``."""
    return (
        f'<path d="{path}" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" fill="none" '
        f'opacity="{opacity}" filter="url(#sheen)"/>'
    )


def lines(path: str, colour: str, width: float = 1.6, opacity: float = 1) -> str:
    """Return a thin line along ``path``: seams, grooves, engravings."""
    return (
        f'<path d="{path}" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round" '
        f'fill="none" opacity="{opacity}"/>'
    )


def peak(x: float, y: float, scale: float = 1, colour: str = "#fff", opacity: float = 0.8) -> str:
    """Return the mark of the house: two peaks."""
    return (
        f'<path d="M0 22 13 0l9 14M17 22 26 8l9 14" fill="none" stroke="{colour}" stroke-width="3" '
        f'stroke-linecap="round" stroke-linejoin="round" opacity="{opacity}" '
        f'transform="translate({x} {y}) scale({scale})"/>'
    )


def cast(cx: float, cy: float, rx: float, ry: float = 15, lean: float = 0.32, opacity: float = 0.3) -> str:
    """Return the shadow of something ``2 rx`` wide that stands at (cx, cy)."""
    near = max(5, ry * 0.42)
    return (
        f'<ellipse cx="{cx + rx * lean:.0f}" cy="{cy + 4}" rx="{rx * 1.12:.0f}" ry="{ry}" fill="#2a1f14" '
        f'opacity="{opacity}" filter="url(#soft)"/>'
        f'<ellipse cx="{cx + 3}" cy="{cy}" rx="{rx * 0.94:.0f}" ry="{near:.0f}" fill="#1c140c" '
        f'opacity="{opacity + 0.14:.2f}" filter="url(#near)"/>'
    )


def render(drawing: Drawing, width: int = SIZE, height: int = SIZE) -> str:
    """Return the whole SVG of a drawing."""
    high, low = GROUNDS[drawing.ground]
    horizon = height * 0.66
    shone = 0.14 if drawing.ground == "night" else 0.75
    return f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<defs>
{linear("wall", [(0, high), (1, low)], 0, 0, 0.9, 1)}\
{radial("key", [(0, "#fff", shone), (1, "#fff", 0)], 0.24, 0.16, 0.7)}\
{linear("floor", [(0, "#3a2f22", 0), (1, "#3a2f22", 0.13)], 0, 0, 0, 1)}\
<filter id="soft" x="-40%" y="-120%" width="180%" height="340%"><feGaussianBlur stdDeviation="11"/></filter>
<filter id="near" x="-30%" y="-120%" width="160%" height="340%"><feGaussianBlur stdDeviation="4"/></filter>
<filter id="sheen" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="2.2"/></filter>
{drawing.defs}</defs>
<rect width="{width}" height="{height}" fill="url(#wall)"/>
<rect y="{horizon:.0f}" width="{width}" height="{height - horizon:.0f}" fill="url(#floor)"/>
<rect width="{width}" height="{height}" fill="url(#key)"/>
{drawing.shadow}
{drawing.body}
</svg>
'''


def zoom(drawing: Drawing, x: float, y: float, scale: float) -> Drawing:
    """Return the drawing seen from near, with the point (x, y) in the middle."""
    at = f"translate({SIZE / 2 - x * scale:.0f} {SIZE / 2 - y * scale:.0f}) scale({scale})"
    return Drawing(
        ground=drawing.ground, defs=drawing.defs, body=f'<g transform="{at}">{drawing.shadow}{drawing.body}</g>'
    )


def compose(ground: str, parts: Sequence[tuple[Drawing, float, float, float]]) -> Drawing:
    """Return several drawings on one ground: (drawing, x, y, scale), the farthest first."""
    defs, body, shadow = [], [], []
    for at, (drawing, x, y, scale) in enumerate(parts):
        own = prefixed(drawing, f"p{at}")
        place = f'<g transform="translate({x} {y}) scale({scale})">'
        defs.append(own.defs)
        shadow.append(f"{place}{own.shadow}</g>")
        body.append(f"{place}{own.body}</g>")
    return Drawing(ground=ground, defs="".join(defs), body="\n".join(body), shadow="\n".join(shadow))


def prefixed(drawing: Drawing, prefix: str) -> Drawing:
    """Return the drawing with its own ids renamed, so that two fit into one file."""
    names = re.findall(r'id="(\w+)"', drawing.defs)
    defs, body, shadow = drawing.defs, drawing.body, drawing.shadow
    for name in names:
        defs = defs.replace(f'id="{name}"', f'id="{prefix}{name}"')
        defs, body, shadow = (
            text.replace(f"url(#{name})", f"url(#{prefix}{name})").replace(f'"#{name}"', f'"#{prefix}{name}"')
            for text in (defs, body, shadow)
        )
    return Drawing(ground=drawing.ground, defs=defs, body=body, shadow=shadow)


def _stops(stops: Sequence[Stop]) -> str:
    return "".join(
        f'<stop offset="{stop[0]}" stop-color="{stop[1]}"'
        + (f' stop-opacity="{stop[2]}"' if len(stop) == 3 else "")
        + "/>"
        for stop in stops
    )
