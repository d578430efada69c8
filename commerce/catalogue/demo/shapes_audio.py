"""Things that sound."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, fade, linear, lines, peak, radial, round_, shine, slope


def headphones(c: Tone) -> Drawing:
    """Headphones that close around the ear."""
    return Drawing(
        ground="mist" if c.mark != "#fff" else c.ground,
        defs=linear("band", [(0, c.light), (0.35, c.base), (1, c.dark)], 0, 0, 1, 0.4)
        + linear("cup", [(0, c.light), (0.4, c.base), (1, c.dark)], 0, 0, 1, 0.8)
        + linear("cush", [(0, "#57514a"), (0.4, "#35302b"), (1, "#171411")], 0, 0, 1, 0.5)
        + linear("mtl", [(0, "#fff"), (0.5, "#b9b3ab"), (1, "#77716a")]),
        body=f"""<path d="M112 228C104 108 156 66 204 66s98 42 90 162" fill="none" stroke="url(#cush)"
 stroke-width="15"/>
<path d="M106 220C98 98 152 56 204 56s106 42 96 164" fill="none" stroke="url(#band)" stroke-width="17"
 stroke-linecap="round"/>{shine("M112 164C122 96 160 62 200 60", 4, 0.75, c.light)}
<path d="M101 196h13v44h-13zM293 196h13v44h-13z" fill="url(#mtl)"/>
<rect x="118" y="210" width="44" height="112" rx="22" fill="url(#cush)"/>
<rect x="244" y="210" width="44" height="112" rx="22" fill="url(#cush)"/>
{shine("M130 232v60M254 232v60", 9, 0.45, "#7b746b")}
<path d="M134 206c-38-6-60 20-60 60s22 66 60 60c8-20 8-100 0-120z" fill="url(#cup)"/>
<path d="M272 206c38-6 60 20 60 60s-22 66-60 60c-8-20-8-100 0-120z" fill="url(#cup)"/>
{shine("M92 238c4-12 14-20 26-22", 6, 0.9, c.light)}{shine("M318 296c-5 12-14 20-26 24", 5, 0.5, c.dark)}
{peak(84, 258, 0.8, c.mark, 0.7)}""",
        shadow=cast(142, 328, 62) + cast(284, 328, 50),
    )


def _bud(x: float, y: float, turn: float) -> str:
    return f"""<g transform="translate({x} {y}) rotate({turn})">
<path d="M-9 6h19q2 50-1 84-1 9-9 9t-9-9z" fill="url(#stem)"/><path d="M-7 92h15l-1 6h-13z" fill="#8b8378"/>
<path d="M-34-6c-2-22 14-36 36-36 20 0 32 14 31 32s-12 30-32 32c-18 2-33-8-35-28z" fill="url(#bud)"/>
<path d="M-34-8c-14-6-24 2-24 14s12 18 26 8z" fill="#57514a"/>
<path d="M-52-2q6 8 18 8" fill="none" stroke="#23201d" stroke-width="2.4"/>
<rect x="6" y="-26" width="5" height="16" rx="2.5" fill="#23201d" opacity=".7"/>
{shine("M-14-28c8-6 18-6 26-2", 6, 0.8)}</g>"""


def earbuds(c: Tone) -> Drawing:
    """Earbuds before their case."""
    return Drawing(
        ground=c.ground,
        defs=radial("bud", [(0, c.light), (0.5, c.base), (1, c.dark)])
        + round_("stem", c)
        + linear("case", [(0, c.light), (0.4, c.base), (1, c.dark)], 0.1, 0, 0.6, 1),
        body=f"""<g transform="translate(-52 96) scale(.98)">
<rect x="92" y="70" width="216" height="176" rx="72" fill="url(#case)"/>{lines("M93 142h214", c.dark, 2.6, 0.6)}
<rect x="176" y="136" width="48" height="12" rx="6" fill="#8b8378"/><circle cx="200" cy="172" r="4.5" fill="#5fd08f"/>
{peak(182, 94, 1, c.mark, 0.75)}{shine("M112 134c4-28 24-46 52-50", 9, 0.7, c.light)}</g>
{_bud(312, 214, 12)}{_bud(318, 312, 104)}""",
        shadow=cast(146, 336, 100, 13, 0.1) + cast(292, 340, 76, 10, 0.1, 0.26),
    )


def speaker(c: Tone) -> Drawing:
    """A round speaker in knitted cloth with a loop."""
    dots = "".join(
        f'<circle cx="{136 + column * 8 + (row % 2) * 4}" cy="{122 + row * 8}" r="1.700"/>'
        for row in range(25)
        for column in range(17)
    )
    return Drawing(
        ground=c.ground,
        defs=round_("cloth", c) + slope("top", Tone("#171513", "#3b3733", "#857e76", "sand")) + fade("fall"),
        body=f"""<path d="M270 118c50-10 60 70 8 84" fill="none" stroke="#23201d" stroke-width="11"
 stroke-linecap="round"/>
<path d="M128 104h144v208c0 16-32 28-72 28s-72-12-72-28z" fill="url(#cloth)"/><g fill="#000" opacity=".22">{dots}</g>
<path d="M128 104h144v208c0 16-32 28-72 28s-72-12-72-28z" fill="url(#fall)"/>
<path d="M128 306c0 16 32 26 72 26s72-10 72-26v16c0 16-32 26-72 26s-72-10-72-26z" fill="#23201d"/>
<ellipse cx="200" cy="104" rx="72" ry="19" fill="#23201d"/>
<ellipse cx="200" cy="100" rx="66" ry="16" fill="url(#top)"/>
<g stroke="#efe9df" stroke-width="3" stroke-linecap="round"><path d="M166 100h12M222 100h12M228 95v10"/></g>
<circle cx="200" cy="100" r="5" fill="#efe9df"/>
<rect x="176" y="206" width="48" height="34" rx="6" fill="#1b1815" opacity=".85"/>
{peak(186, 212, 0.9, "#fff", 0.9)}{shine("M146 136v170", 9, 0.28, c.light)}""",
        shadow=cast(200, 344, 78, 14),
    )


def _box(x: float) -> str:
    return f"""<g transform="translate({x} 0)"><path d="M118 104l26-20v236l-26 24z" fill="url(#side)"/>
<path d="M0 104 26 84h118l-26 20z" fill="url(#topw)"/>
<rect y="104" width="118" height="240" rx="4" fill="url(#front)"/>
<rect y="104" width="118" height="240" rx="4" fill="none" stroke="#3a2210" stroke-opacity=".5"/>
<circle cx="59" cy="158" r="24" fill="#171513"/><circle cx="59" cy="158" r="15" fill="url(#cone)"/>
<circle cx="59" cy="158" r="7" fill="#d9d4cc"/>
<circle cx="59" cy="254" r="48" fill="#171513"/><circle cx="59" cy="254" r="41" fill="url(#cone)"/>
<circle cx="59" cy="254" r="15" fill="url(#dome)"/>
<circle cx="59" cy="254" r="41" fill="none" stroke="#57514a" stroke-width="5"/>{peak(44, 314, 0.8, "#efe2cc", 0.8)}
{shine("M30 234a36 36 0 0 1 26-18", 5, 0.45)}</g>"""


def bookshelf_speakers(_: Tone) -> Drawing:
    """A pair of small speakers in walnut."""
    return Drawing(
        ground="stone",
        defs=linear("front", [(0, "#2f2b27"), (1, "#171513")], 0, 0, 0.5, 1)
        + linear("side", [(0, "#8a5a32"), (1, "#4a2c16")], 0, 0, 0.4, 1)
        + linear("topw", [(0, "#c08c5a"), (1, "#8a5a32")])
        + radial("cone", [(0, "#57514a"), (0.7, "#2f2b27"), (1, "#171513")], 0.45, 0.4, 0.6)
        + radial("dome", [(0, "#b9b1a5"), (1, "#2f2b27")]),
        body=_box(44) + _box(212),
        shadow=cast(118, 344, 78, 12) + cast(286, 344, 78, 12),
    )
