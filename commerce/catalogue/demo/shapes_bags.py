"""Bags, cases, an umbrella."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, fade, linear, lines, peak, shine, slope

_LEATHER = Tone("#7d5429", "#a9794a", "#d9b080", "sand")


def backpack(c: Tone) -> Drawing:
    """A rounded backpack for the office."""
    seam = "M126 186c0-52 26-82 74-82s74 30 74 82"
    return Drawing(
        ground=c.ground,
        defs=linear("bk", [(0, c.light), (0.22, c.base), (1, c.dark)], 0, 0, 1, 0.7)
        + linear("pk", [(0, c.light), (0.3, c.base), (1, c.dark)], -0.3, -0.3, 1, 1)
        + linear("st", [(0, c.base), (1, c.dark)])
        + slope("lt", _LEATHER),
        body=f"""<path d="M100 180c-26 20-30 100-16 140h34V170zM300 180c26 20 30 100 16 140h-34V170z"
 fill="url(#st)"/>
<path d="M170 84c0-34 60-34 60 0" fill="none" stroke="{c.dark}" stroke-width="12"/>
<path d="M104 176c0-66 36-100 96-100s96 34 96 100v136c0 20-12 32-34 32H138c-22 0-34-12-34-32z" fill="url(#bk)"/>
{shine("M124 168c2-46 30-72 70-74", 9, 0.5, c.light)}{lines(seam, c.dark, 3.5)}
<path d="{seam}" fill="none" stroke="{c.light}" stroke-dasharray="3 4" transform="translate(0 5)" opacity=".7"/>
<rect x="122" y="222" width="156" height="108" rx="22" fill="url(#pk)"/>
<rect x="122" y="222" width="156" height="108" rx="22" fill="none" stroke="{c.dark}" stroke-opacity=".5"/>
{lines("M122 246h156", c.dark, 3.5)}{lines("M262 246v20", "#c99d6a", 6)}
<rect x="172" y="146" width="56" height="40" rx="8" fill="url(#lt)"/>{peak(183, 155, 1, "#fff3e0", 0.9)}
{shine("M136 262c0 20 0 40 4 52", 6, 0.35, c.light)}""",
        shadow=cast(200, 342, 104, 15),
    )


def hiking_pack(c: Tone) -> Drawing:
    """A tall pack for the mountains, with a lid, side pockets and a bottle in one of them."""
    return Drawing(
        ground=c.ground,
        defs=linear("bk", [(0, c.light), (0.25, c.base), (1, c.dark)], 0, 0, 1, 0.5)
        + slope("lid", c)
        + linear("net", [(0, "#3a3a37"), (1, "#1b1b1a")], 0, 0, 0.4, 1)
        + linear("flask", [(0, "#8b857d"), (0.3, "#fff"), (0.6, "#cfcac3"), (1, "#8b857d")])
        + fade("fall"),
        body=f"""<path d="M176 70c0-30 48-30 48 0" fill="none" stroke="#23211e" stroke-width="9"/>
<path d="M112 170c-34 30-34 110-18 156l30 6V170zM288 170c34 30 34 110 18 156l-30 6V170z" fill="#23211e"/>
<rect x="292" y="196" width="26" height="96" rx="10" fill="url(#flask)"/>
<rect x="296" y="182" width="18" height="16" rx="4" fill="#2a2724"/>
<path d="M116 130h168v176c0 26-14 38-40 38h-88c-26 0-40-12-40-38z" fill="url(#bk)"/>
<path d="M116 130h168v176c0 26-14 38-40 38h-88c-26 0-40-12-40-38z" fill="url(#fall)"/>
<path d="M286 250h36v62q0 16-16 20l-20 6zM114 250H84v62q0 16 14 20l16 6z" fill="url(#net)"/>
<path d="M106 124q0-50 94-52 94 2 94 52 0 22-18 22H124q-18 0-18-22z" fill="url(#lid)"/>
{lines("M120 118q4-26 80-28 76 2 80 28", c.dark, 2.4, 0.8)}{shine("M124 106q14-20 62-24", 8, 0.5, c.light)}
<path d="M146 196h108q8 0 8 8v94q0 16-16 16h-92q-16 0-16-16v-94q0-8 8-8z" fill="url(#net)"/>
{lines("M150 214q50 14 100 0M150 240q50 14 100 0M150 266q50 14 100 0M150 292q50 12 100 0", "#6a6861", 1.2, 0.6)}
<path d="M156 138v56M244 138v56M156 314v22M244 314v22" stroke="#23211e" stroke-width="9"/>
<rect x="149" y="162" width="14" height="18" rx="3" fill="#c99d6a"/>
<rect x="237" y="162" width="14" height="18" rx="3" fill="#c99d6a"/>
{peak(182, 106, 1, c.mark, 0.9)}{shine("M128 160v150", 7, 0.3, c.light)}""",
        shadow=cast(200, 342, 108, 15),
    )


def duffel(c: Tone) -> Drawing:
    """A weekend bag lying on its long side."""
    body = "M52 226q0-56 54-58h188q54 2 54 58v58q0 56-54 56H106q-54 0-54-56z"
    return Drawing(
        ground=c.ground,
        defs=linear("d", [(0, c.light), (0.3, c.base), (1, c.dark)], 0.1, 0, 0.5, 1)
        + linear("end", [(0, c.base), (1, c.dark)])
        + slope("lt", _LEATHER),
        body=f"""<path d="M132 186C128 74 272 74 268 186" fill="none" stroke="{c.dark}" stroke-width="14"/>
<path d="{body}" fill="url(#d)"/>
<path d="M294 168q54 2 54 58v58q0 56-54 56 26-60 0-172z" fill="url(#end)" opacity=".75"/>
<path d="M106 168q-54 2-54 58v58q0 56 54 56-26-60 0-172z" fill="#000" opacity=".1"/>
{lines("M92 178q108-16 216 0", "#1b1815", 5)}
<path d="M92 178q108-16 216 0" fill="none" stroke="#b9b1a5" stroke-width="1.4" stroke-dasharray="2 3"/>
{lines("M306 178l8 14", "#d8b070", 5)}
<path d="M126 178h20v162h-20zM254 178h20v162h-20z" fill="{c.dark}"/>
<path d="M126 184C124 92 276 92 274 184" fill="none" stroke="url(#lt)" stroke-width="13" opacity=".001"/>
<path d="M129 180v158M143 180v158M257 180v158M271 180v158" stroke="{c.light}" stroke-opacity=".5"
 stroke-dasharray="3 4" fill="none"/>
<path d="M136 196C132 100 268 100 264 196" fill="none" stroke="{c.base}" stroke-width="13" stroke-linecap="round"/>
<rect x="172" y="112" width="56" height="22" rx="9" fill="url(#lt)"/>
<rect x="172" y="222" width="56" height="42" rx="6" fill="url(#lt)"/>{peak(183, 232, 1, "#fff3e0", 0.9)}
{shine("M74 214q8-26 40-30", 9, 0.45, c.light)}""",
        shadow=cast(200, 340, 146, 15, 0.1),
    )


def suitcase(c: Tone) -> Drawing:
    """A cabin trolley, its handle drawn out."""
    ribs = "".join(f"M{128 + n * 18} 108v206" for n in range(9))
    return Drawing(
        ground=c.ground,
        defs=linear("s", [(0, c.dark), (0.06, c.base), (0.2, c.light), (0.5, c.base), (1, c.dark)])
        + linear("rod", [(0, "#8b857d"), (0.4, "#fff"), (1, "#77716a")])
        + linear("front", [(0, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0.8, 1)
        + fade("fall"),
        body=f"""<path d="M160 44h9v60h-9zM231 44h9v60h-9z" fill="url(#rod)"/>
<rect x="150" y="32" width="100" height="18" rx="8" fill="#2a2724"/>
<rect x="156" y="36" width="60" height="4" rx="2" fill="#7a736b"/>
<g fill="#1b1815"><rect x="120" y="318" width="26" height="26" rx="9"/>
<rect x="254" y="318" width="26" height="26" rx="9"/></g>
<circle cx="133" cy="333" r="5" fill="#8b857d"/><circle cx="267" cy="333" r="5" fill="#8b857d"/>
<rect x="108" y="94" width="184" height="232" rx="26" fill="url(#s)"/>
<rect x="108" y="94" width="184" height="232" rx="26" fill="url(#fall)"/>
{lines(ribs, c.dark, 2, 0.35)}<path d="{ribs}" stroke="{c.light}" stroke-opacity=".5" transform="translate(2.5 0)"/>
<rect x="128" y="118" width="144" height="112" rx="14" fill="url(#front)"/>
{lines("M128 142q72 8 144 0", c.dark, 2.4, 0.8)}<rect x="252" y="138" width="12" height="20" rx="4" fill="#c99d6a"/>
<rect x="176" y="88" width="48" height="12" rx="6" fill="#2a2724"/>
<rect x="286" y="186" width="10" height="46" rx="5" fill="#2a2724"/>
{peak(178, 176, 1.25, c.mark, 0.85)}{shine("M122 126v176", 6, 0.5, c.light)}""",
        shadow=cast(200, 344, 96, 13),
    )


def umbrella(c: Tone) -> Drawing:
    """An open umbrella, leaning."""
    panels = (
        ("M200 66C120 72 62 130 56 212q26-24 56-8 20-92 88-138z", c.base),
        ("M200 66C132 112 112 204 112 204q40-30 88-4z", c.light),
        ("M200 66c68 46 88 138 88 138-40-30-88-4-88-4z", c.base),
        ("M200 66c80 6 138 64 144 146-26-24-56-8-56-8-20-92-88-138z", c.dark),
    )
    return Drawing(
        ground=c.ground,
        defs=linear("rod", [(0, "#8b857d"), (0.4, "#fff"), (1, "#5d564e")])
        + linear("shade", [(0, "#fff", 0.25), (0.5, "#fff", 0), (1, "#000", 0.3)], 0, 0, 1, 0.8)
        + slope("wood", _LEATHER),
        body=f"""<g transform="rotate(-14 200 200)"><path d="M197 64h6v222h-6z" fill="url(#rod)"/>
<path d="M200 284v42q0 22-22 22t-22-20" fill="none" stroke="url(#wood)" stroke-width="13" stroke-linecap="round"/>
{"".join(f'<path d="{path}" fill="{fill}"/>' for path, fill in panels)}
<path d="M56 212C62 60 338 60 344 212q-26-24-56-8-40-30-88-4-48-26-88 4-30-16-56 8z" fill="url(#shade)"/>
{lines("M200 66C132 112 112 204 112 204M200 66v134M200 66c68 46 88 138 88 138", c.dark, 1.6, 0.55)}
{lines("M58 206q26-22 54-9 42-28 88-3 46-25 88 3 28-13 54 9", "#e9e6df", 3.4, 0.9)}
<path d="M196 50h8l-2 18h-4z" fill="#2a2724"/>{peak(230, 122, 1.1, c.mark, 0.8)}
{shine("M92 150c18-34 48-56 84-66", 8, 0.4, c.light)}</g>""",
        shadow=cast(206, 350, 100, 12, 0.2, 0.22),
    )
