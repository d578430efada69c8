"""Where the demo's buyers take their photos: each place is what lies behind the product, and the light over it."""

from __future__ import annotations

import random
from collections.abc import Callable


def _soft(x: float, y: float, w: float, h: float, fill: str, blur: float, extra: str = "") -> str:
    return (
        f'<div style="position:absolute;left:{x}%;top:{y}%;width:{w}%;height:{h}%;background:{fill};'
        f'filter:blur({blur}px);{extra}"></div>'
    )


def _over(fill: str) -> str:
    """Return something that lies over all of the picture."""
    return f'<div style="position:absolute;inset:0;background:{fill}"></div>'


def _grain(name: str, across: float, down: float, seed: int, strength: float) -> str:
    """Return a filter that lays streaks (wood) or a weave (cloth, stone) over a surface."""
    return (
        f'<filter id="{name}" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" '
        f'baseFrequency="{across} {down}" numOctaves="4" seed="{seed}"/><feColorMatrix values="0 0 0 0 .16 0 0 0 0 .1 '
        f'0 0 0 0 .05 0 {strength} 0 0 {-strength * 0.38:.2f}"/></filter>'
    )


def _surface(
    top: float, colour: str, seed: int, across: float = 0.004, down: float = 0.09, strength: float = 1.6
) -> str:
    """Return a surface that runs away from the camera, from ``top`` % down."""
    return (
        f'<svg style="position:absolute;width:0;height:0">{_grain("streaks", across, down, seed, strength)}</svg>'
        f'<div style="position:absolute;left:0;top:{top}%;width:100%;height:{100 - top}%;overflow:hidden;'
        f'perspective:500px"><div style="position:absolute;left:-70%;top:0;width:240%;height:190%;'
        f'background:{colour};transform:rotateX(38deg);transform-origin:50% 0"><div style="position:absolute;inset:0;'
        f'filter:url(#streaks)"></div></div>'
        f"{_over('linear-gradient(#0003,#0000 22%,#0000 60%,#0004)')}</div>"
    )


def _leaves(chance: random.Random, x: float, foot: float, size: float, colour: str, blur: float) -> str:
    """Return a plant in a pot that stands ``foot`` % down."""
    blades = "".join(
        f'<path d="M0 0C{chance.randint(-40, 40)} -40 {(turn := chance.randint(-70, 70))} -90 {turn} '
        f'-{chance.randint(90, 170)}C{turn + 30} -90 30 -40 0 0z" fill="{colour}" opacity=".9"/>'
        for _ in range(11)
    )
    return (
        f'<svg viewBox="-100 -180 200 220" style="position:absolute;left:{x}%;bottom:{100 - foot}%;'
        f'width:{size}%;filter:blur({blur}px)">{blades}<path d="M-34 0h68l-9 40h-50z" fill="#b9875f"/></svg>'
    )


def _books(chance: random.Random, left: float, foot: float, number: int, blur: float) -> str:
    colours = ("#8c4a3a", "#d9cfbd", "#40566b", "#70805f", "#c99b4f", "#5a4650", "#e7e0d2", "#32403d")
    made, x = "", left
    for _ in range(number):
        wide, high = chance.uniform(2.6, 5.2), chance.uniform(20, 31)
        colour = chance.choice(colours)
        made += _soft(
            x,
            foot - high,
            wide,
            high,
            f"linear-gradient(90deg,#0003,#fff2 30%,#0003),{colour}",
            blur,
            "border-radius:2px",
        )
        x += wide + 0.25
    return made


def desk(chance: random.Random) -> tuple[str, str]:
    """A desk at a window, by day."""
    wall = chance.choice(("#d9d2c4", "#cfd6d3", "#e0d6cd", "#c9ced6"))
    wood = chance.choice(("#b98f63", "#a67a52", "#cfae86", "#8d6644"))
    x = chance.choice((6, 52))
    back = _over(f"linear-gradient(120deg,{wall},#9d978c)")
    back += _soft(x, -6, 40, 52, "linear-gradient(#f7fbff,#dfeaf0 60%,#c5d3c4)", 9, "box-shadow:0 0 90px 30px #fff8")
    back += _soft(x + 18.5, -6, 2.4, 52, "#f4f1ea", 6) + _soft(x - 9, -6, 11, 62, "#efe6d8", 11)
    back += _leaves(chance, (x + 46) % 78, 55, 30, chance.choice(("#5d7a52", "#6c8a6a", "#4d6b56")), 5)
    back += _surface(54, wood, chance.randint(1, 99))
    light = (
        f'<div style="position:absolute;left:{x - 12}%;top:58%;width:70%;height:34%;background:#fff6dc;opacity:.3;'
        f'transform:skewX({-38 if x < 30 else 38}deg);filter:blur(16px);mix-blend-mode:soft-light"></div>'
    )
    return back, light


def shelf(chance: random.Random) -> tuple[str, str]:
    """A shelf against a painted wall, books beside."""
    wall = chance.choice(("#b9c0b2", "#d8cfc2", "#a9b4bd", "#cdbfb4"))
    board = chance.choice(("#8b6a4a", "#d7c3a5", "#6d5440"))
    back = f'<div style="position:absolute;inset:0;background:linear-gradient(150deg,#fff6,#0004),{wall}"></div>'
    left = chance.choice((2, 68))
    back += _books(chance, left, 74, 7, 1.6)
    back += _books(chance, 60 - left * 0.8, 24, 8, 3)
    for top, blur in ((24, 2.5), (74, 0.6)):
        back += _soft(-3, top, 106, 4, f"linear-gradient(#fff4,#0002 70%),{board}", blur)
        back += _soft(-3, top + 4, 106, 9, "linear-gradient(#0006,#0000)", 5)
    return (
        back,
        _over("linear-gradient(115deg,#fff5,#0000 45%,#1a120a66)"),
    )


def counter(chance: random.Random) -> tuple[str, str]:
    """A kitchen counter before tiles."""
    tile = chance.choice(("#e7e4dc", "#cfd8d4", "#dfd6c9", "#b9c7c4"))
    size = chance.choice((84, 112, 64))
    back = (
        f'<div style="position:absolute;inset:0 0 34% 0;background:repeating-linear-gradient(90deg,#8a857a55 0 3px,'
        f"#0000 3px {size}px),repeating-linear-gradient(#8a857a55 0 3px,#0000 3px {size // 2}px),"
        f'linear-gradient(120deg,#fff8,#0003),{tile};filter:blur(2.2px)"></div>'
    )
    back += _leaves(chance, chance.choice((-4, 76)), 59, 26, "#5f8a52", 3.4)
    back += _soft(
        chance.choice((70, 12)),
        32,
        13,
        27,
        "linear-gradient(90deg,#8d8277,#e9e3da 30%,#7b7067)",
        3.4,
        "border-radius:12px",
    )
    back += _surface(
        58, chance.choice(("#d9d5cd", "#b8b2a7", "#6a655f", "#c9a77c")), chance.randint(1, 99), 0.03, 0.05, 0.9
    )
    return (
        back,
        _over("radial-gradient(at 30% 0,#ffeccf66,#0000 60%)"),
    )


def floor(chance: random.Random) -> tuple[str, str]:
    """The floor of a hall, a wall and its skirting behind."""
    wall = chance.choice(("#dcd6cb", "#c3cac7", "#d9ccc4", "#b5b9c2"))
    wood = chance.choice(("#b58a5e", "#c7a67f", "#9a7b5c", "#8a8580"))
    back = f'<div style="position:absolute;inset:0;background:linear-gradient(100deg,#fff4,#0003),{wall}"></div>'
    door = chance.choice((-12, 66))
    back += _soft(
        door, -5, 46, 55, "linear-gradient(90deg,#0002,#fff3 8%,#0001),#e9e4da", 3, "border:6px solid #cfc8bb"
    )
    back += _soft(-2, 45, 104, 6, "linear-gradient(#fff,#cfc9bf)", 1.6)
    back += _surface(50.5, wood, chance.randint(1, 99), 0.09, 0.004, 1.7)
    back += (
        '<div style="position:absolute;left:0;top:50.5%;width:100%;height:49.5%;overflow:hidden;perspective:500px">'
        '<div style="position:absolute;left:-70%;top:0;width:240%;height:190%;transform:rotateX(38deg);'
        "transform-origin:50% 0;"
        'background:repeating-linear-gradient(90deg,#0006 0 2px,#0000 2px 118px)"></div></div>'
    )
    return back, _over("linear-gradient(75deg,#0003,#0000 50%,#fff3)")


def cloth(chance: random.Random) -> tuple[str, str]:
    """From above, on a bed or a sofa."""
    colour = chance.choice(("#d8d2c8", "#b9c3c9", "#cdbdb3", "#a9b3a1", "#e5ded3"))
    folds = "".join(
        _soft(
            chance.randint(-20, 70),
            chance.randint(-10, 95),
            chance.randint(50, 110),
            chance.uniform(2, 6),
            chance.choice(("#0003", "#fff6", "#0002", "#fff4")),
            12,
            f"transform:rotate({chance.randint(-35, 35)}deg)",
        )
        for _ in range(16)
    )
    weave = _grain("weave", 0.55, 0.6, chance.randint(1, 99), 0.35)
    back = f'<svg style="position:absolute;width:0;height:0">{weave}</svg>'
    back += f'<div style="position:absolute;inset:0;background:{colour}"></div>{folds}'
    back += '<div style="position:absolute;inset:0;filter:url(#weave)"></div>'
    return (
        back,
        _over("linear-gradient(140deg,#fff5,#0000 45%,#20160c55)"),
    )


def hook(chance: random.Random) -> tuple[str, str]:
    """A wall with a rail to hang things on."""
    wall = chance.choice(("#d5cdc0", "#bcc5c0", "#cfc4bc", "#a8b0b4"))
    back = f'<div style="position:absolute;inset:0;background:linear-gradient(110deg,#fff6,#0003),{wall}"></div>'
    back += _soft(-2, 9, 104, 2.2, "linear-gradient(#d9b98f,#8a6642)", 0.8) + _soft(-2, 11.5, 104, 5, "#0004", 7)
    for x in (14, 50, 86):
        back += _soft(x - 1, 9, 2, 6, "linear-gradient(90deg,#555,#ccc,#444)", 0.6, "border-radius:6px")
    side = chance.choice((-22, 80))
    back += _soft(
        side,
        14,
        40,
        92,
        f"linear-gradient(90deg,#0003,#fff2 40%,#0004),{chance.choice(('#5a6470', '#8d7a68', '#6f7d6c'))}",
        5,
        "border-radius:40% 40% 8px 8px",
    )
    return (
        back,
        _over("linear-gradient(100deg,#fff5,#0000 50%,#0004)"),
    )


def outside(chance: random.Random) -> tuple[str, str]:
    """Grass, trees and a hill behind, out of focus."""
    sky = chance.choice(("#cfe2ec,#eef2ea", "#f1d9b8,#f6ead2", "#b9cfdc,#e2e8e4"))
    back = _over(f"linear-gradient({sky} 55%)")
    back += _soft(-20, 22, 90, 50, "#7f9a8e", 14, "border-radius:50%") + _soft(
        40, 27, 90, 44, "#93a98f", 14, "border-radius:50%"
    )
    for _ in range(9):
        x = chance.randint(-10, 100)
        back += _soft(
            x,
            chance.randint(16, 34),
            chance.randint(9, 18),
            34,
            chance.choice(("#4c6b4a", "#5d7d52", "#3f5a45")),
            9,
            "border-radius:50%",
        )
    back += _surface(
        54, chance.choice(("#7f9152", "#8c9a5e", "#9b9070", "#6f8650")), chance.randint(1, 99), 0.12, 0.05, 2.3
    )
    back += "".join(
        _soft(
            chance.randint(-5, 100),
            chance.randint(56, 99),
            0.5,
            chance.uniform(3, 7),
            chance.choice(("#5f7a37", "#a3b568", "#4e6a34")),
            1,
            f"transform:rotate({chance.randint(-30, 30)}deg)",
        )
        for _ in range(70)
    )
    return back, _over("linear-gradient(200deg,#ffe9b866,#0000 50%,#0a140a44)")


def night(chance: random.Random) -> tuple[str, str]:
    """A room or a camp in the evening, one warm light."""
    back = _over("linear-gradient(#23242c,#3a2f28 60%,#1d1815)")
    for _ in range(9):
        size = chance.uniform(4, 9)
        back += _soft(
            chance.randint(0, 95),
            chance.randint(2, 42),
            size,
            size * 0.75,
            chance.choice(("#ffcf7a", "#ffb35a", "#ffe2ae", "#9fc3ff")),
            4,
            "border-radius:50%;opacity:.5",
        )
    back += _surface(56, chance.choice(("#6b4d33", "#5c4a3c", "#4b4f3c")), chance.randint(1, 99))
    at = f"circle at {chance.randint(35, 60)}%"
    glow = f"radial-gradient({at} 52%,#ffc87a77,#ffb05822 34%,#0000 55%);mix-blend-mode:screen"
    return back, _over(glow) + _over(f"radial-gradient({at} 56%,#0000 26%,#0a0603aa 88%)")


def parcel(chance: random.Random) -> tuple[str, str]:
    """From above, in the carton it came in."""
    back = _surface(0, chance.choice(("#b58a5e", "#c7a67f", "#9a938a")), chance.randint(1, 99), 0.06, 0.004, 1.6)
    turn = chance.choice((-7, -4, 4, 6))
    flap = "linear-gradient(90deg,#b98a58,#d2a672 60%,#c59660)"
    box = _soft(-10, 8, 12, 84, flap, 0.8, "transform:skewY(14deg)") + _soft(
        98, 8, 12, 84, flap, 0.8, "transform:skewY(-14deg)"
    )
    paper = "".join(
        _soft(
            chance.randint(4, 70),
            chance.randint(6, 84),
            chance.randint(16, 40),
            chance.randint(8, 20),
            chance.choice(("#b59268", "#c2a077", "#a98659", "#bd9a6c")),
            2,
            f"transform:rotate({chance.randint(-60, 60)}deg);border-radius:40% 60% 30% 70%",
        )
        for _ in range(34)
    )
    back += (
        f'<div style="position:absolute;left:9%;top:12%;width:82%;height:78%;transform:rotate({turn}deg)">{box}'
        '<div style="position:absolute;inset:0;background:#a67c4e;box-shadow:0 18px 50px #0008;overflow:hidden">'
        f'<div style="position:absolute;inset:3%;background:#8a6439;overflow:hidden;'
        f'box-shadow:inset 0 14px 40px #000a">{paper}</div></div></div>'
    )
    return (
        back,
        _over("linear-gradient(130deg,#fff4,#0000 50%,#0004)"),
    )


PLACES: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    one.__name__: one for one in (desk, shelf, counter, floor, cloth, hook, outside, night, parcel)
}
