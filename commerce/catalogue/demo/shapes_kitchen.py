"""Pots, bowls, a knife, things that heat."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, fade, linear, lines, peak, radial, round_, shine

_STEEL = Tone("#8b857d", "#cfcac3", "#ffffff", "stone")


def rice_cooker(c: Tone) -> Drawing:
    """A rounded rice cooker with a dark panel."""
    body = "M82 190h236c4 44 2 82-8 110-6 18-20 30-44 30H134c-24 0-38-12-44-30-10-28-12-66-8-110z"
    return Drawing(
        ground="sage" if c.ground != "sage" else "stone",
        defs=linear("bd", [(0, c.base), (0.22, c.light), (0.5, c.base), (0.86, c.dark), (1, c.base)])
        + linear("ld", [(0, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0.4, 1)
        + linear("pn", [(0, "#2b2825"), (1, "#0f0e0d")], 0, 0, 1, 1)
        + fade("fall", "#5b4a34", 0.35)
        + round_("stl", _STEEL),
        body=f"""<path d="M84 178c0-52 40-84 116-84s116 32 116 84z" fill="url(#ld)"/>
{shine("M112 150c8-26 36-40 70-44", 9, 0.9)}
<rect x="222" y="92" width="44" height="20" rx="9" fill="#46413b"/>{lines("M230 98h28", "#8e877e", 3)}
<path d="M80 176h240v8c0 4-2 6-6 6H86c-4 0-6-2-6-6z" fill="url(#stl)"/><path d="{body}" fill="url(#bd)"/>
<path d="{body}" fill="url(#fall)"/><rect x="146" y="208" width="108" height="92" rx="14" fill="url(#pn)"/>
<rect x="160" y="220" width="80" height="34" rx="6" fill="#183029"/>
{lines("M176 230v14m12-14v14m-12-14h12m-12 14h12m10-12v2m0 6v2m10-12h12v7h-12v7h12", "#9fe0c4", 2.4)}
<circle cx="172" cy="278" r="8" fill="#4a453f"/><circle cx="200" cy="278" r="11" fill="#cc3a1c"/>
<circle cx="228" cy="278" r="8" fill="#4a453f"/>{shine("M102 204c-4 30-2 64 6 88", 10, 0.8)}
<path d="M128 328h30v8h-30zM242 328h30v8h-30z" fill="#3b362f"/>""",
        shadow=cast(200, 334, 112, 16),
    )


def air_fryer(c: Tone) -> Drawing:
    """An air fryer with a window, something golden inside."""
    body = "M100 120q0-44 44-48h112q44 4 44 48l10 170q2 44-40 46H130q-42-2-40-46z"
    return Drawing(
        ground=c.ground,
        defs=linear("bd", [(0, c.dark), (0.08, c.base), (0.24, c.light), (0.5, c.base), (1, c.dark)])
        + radial("win", [(0, "#ffcf7a"), (0.5, "#b8641c"), (1, "#2b1508")], 0.5, 0.55, 0.75)
        + linear("hd", [(0, "#8a5a32"), (1, "#3a2210")], 0, 0, 0.4, 1)
        + radial("food", [(0, "#ffe0a0"), (0.6, "#dc9a3c"), (1, "#8a4d12")])
        + fade("fall"),
        body=f"""<path d="{body}" fill="url(#bd)"/><path d="{body}" fill="url(#fall)"/>
<path d="M128 92q72-24 144 0l4 30q-76-16-152 0z" fill="#171513"/>
{lines("M172 98v14m10-14v14m-10-14h10m-10 14h10m10-7h6m-3-3v6m12-10h10v7h-10v7h10", "#ffcf7a", 2.4)}
<circle cx="254" cy="104" r="6" fill="#c8351a"/>
<rect x="118" y="146" width="164" height="120" rx="20" fill="#171513"/>
<rect x="128" y="156" width="144" height="100" rx="13" fill="url(#win)"/>
<g fill="url(#food)"><path d="M142 244c-6-22 14-34 28-26 10 6 8 24-2 28z"/>
<path d="M176 246c-8-24 10-42 30-34 14 8 10 30-2 34z"/>
<path d="M216 246c-6-18 8-36 26-28 14 8 12 24 2 28z"/><path d="M158 222c0-18 22-26 34-14 8 10-2 22-14 20z"/></g>
{lines("M132 248h136M150 244v8M176 244v8M202 244v8M228 244v8M252 244v8", "#57514a", 2.4)}
<path d="M128 160h60l-40 96h-20z" fill="#fff" opacity=".1"/>
<path d="M86 272h228v10H86z" fill="#171513" opacity=".55"/>
<rect x="160" y="286" width="80" height="32" rx="14" fill="url(#hd)"/>{shine("M172 296h44", 4, 0.5)}
<path d="M110 334h36v8h-36zM254 334h36v8h-36z" fill="#23201d"/>
{shine("M112 140c-4 40-6 80-6 130", 8, 0.4, c.light)}""",
        shadow=cast(200, 340, 112, 15),
    )


def dutch_oven(c: Tone) -> Drawing:
    """An enamelled casserole with its lid."""
    body = "M70 206h260v60q0 66-66 70H136q-66-4-66-70z"
    return Drawing(
        ground="stone" if c.ground == "stone" else c.ground,
        defs=linear("bd", [(0, c.dark), (0.1, c.base), (0.26, c.light), (0.48, c.base), (0.86, c.dark), (1, c.base)])
        + radial("ld", [(0, c.light), (0.5, c.base), (1, c.dark)], 0.35, 0.15, 1)
        + radial("kn", [(0, "#fff2cf"), (0.5, "#c79b4f"), (1, "#6d4a16")])
        + fade("fall"),
        body=f"""<path d="M76 222c-40-6-52 12-48 28s20 22 46 18" fill="none" stroke="{c.base}" stroke-width="15"
 stroke-linecap="round"/>
<path d="M324 222c40-6 52 12 48 28s-20 22-46 18" fill="none" stroke="{c.dark}" stroke-width="15"
 stroke-linecap="round"/>
<path d="{body}" fill="url(#bd)"/><path d="{body}" fill="url(#fall)"/>
<path d="M62 196h276v10q0 6-8 6H70q-8 0-8-6z" fill="#efe6d6"/>
<path d="M64 198c6-50 58-74 136-74s130 24 136 74c-70 10-202 10-272 0z" fill="url(#ld)"/>
{lines("M104 182c22-28 54-38 96-38s74 10 96 38", c.dark, 1.8, 0.35)}{shine("M96 176c14-20 40-32 74-36", 9, 0.75)}
<path d="M188 116h24v14h-24z" fill="#a8803a"/><ellipse cx="200" cy="108" rx="24" ry="15" fill="url(#kn)"/>
{peak(184, 244, 1, c.mark, 0.7)}{shine("M92 224c0 40 8 70 30 88", 9, 0.45, c.light)}""",
        shadow=cast(200, 338, 122, 15, 0.16),
    )


def knife(_: Tone) -> Drawing:
    """A chef's knife on a board."""
    grain = "M40 146c100-10 200 10 320-4M40 186c120 12 220-10 320 6M40 240c90-8 220 12 320-4M40 282c120 8 220-8 320 2"
    wave = "M60 212c20-6 24 4 44-2s24-8 44-4 24-6 44-4 24-4 40-2"
    return Drawing(
        ground="stone",
        defs=linear("bl", [(0, "#f8f9f9"), (0.45, "#c3c9cb"), (0.55, "#eef1f1"), (1, "#8b9396")], 0, 0, 0.12, 1)
        + linear("hn", [(0, "#7d5231"), (0.35, "#5b3820"), (1, "#28160b")], 0, 0, 0.1, 1)
        + linear("bd", [(0, "#e9cfa4"), (0.5, "#d3ae78"), (1, "#a77d47")], 0, 0, 0.6, 1)
        + linear("ed", [(0, "#fff"), (1, "#b4bcbe")]),
        body=f"""<g transform="rotate(-24 200 210)">
<rect x="34" y="120" width="332" height="200" rx="18" fill="#8b6535"/>
<rect x="34" y="112" width="332" height="200" rx="18" fill="url(#bd)"/>{lines(grain, "#9c7238", 1.6, 0.35)}
<circle cx="340" cy="136" r="10" fill="#8b6535"/>
<path d="M40 222 236 182l2 54c-60 14-140 16-198-14z" fill="#2a1f14" opacity=".4" filter="url(#near)"
 transform="translate(8 14)"/>
<path d="M30 214C90 196 170 184 238 182v54c-70 12-150 14-208-22z" fill="url(#bl)"/>{lines(wave, "#7b8487", 1, 0.5)}
<path d="M30 214c58 36 138 34 208 22v-12c-70 10-150 12-208-10z" fill="url(#ed)" opacity=".85"/>
{lines("M60 206c60-14 120-20 176-21", "#fff", 2.5, 0.9)}<path d="M238 180h18v34l-18 24z" fill="#9ba3a6"/>
<path d="M254 178h88c18 0 28 8 28 20s-8 18-22 18h-94z" fill="#1c140c" opacity=".35" filter="url(#near)"
 transform="translate(6 12)"/>
<path d="M254 178h88c18 0 28 8 28 20s-8 20-24 18c-30-4-62-4-92 0z" fill="url(#hn)"/>
<g fill="#d8d2c8"><circle cx="276" cy="197" r="4.5"/><circle cx="308" cy="196" r="4.5"/>
<circle cx="340" cy="197" r="4.5"/></g>
{lines("M260 183h80", "#c59a74", 2.5, 0.7)}</g>{peak(118, 232, 0.7, "#7b8487", 0.8)}""",
        shadow='<g transform="rotate(-24 200 210)"><rect x="44" y="136" width="332" height="196" rx="20" '
        'fill="#2a1f14" '
        'opacity=".36" filter="url(#soft)"/></g>',
    )


def _bowl(x: float, y: float, scale: float, full: bool = False) -> str:
    rice = (
        '<path d="M-62-2c6-40 36-52 62-52s56 12 62 52z" fill="#fffdf6"/>'
        '<path d="M-44-18q6-8 12-2M-20-34q6-6 12 0M8-30q6-6 12 0M30-16q6-6 12 0M-8-14q6-6 12 0" '
        'stroke="#d8d0bf" stroke-width="3" fill="none" stroke-linecap="round"/>'
        if full
        else ""
    )
    rim = (
        '<ellipse rx="72" ry="17" fill="url(#rim)"/><ellipse rx="66" ry="13" fill="url(#inner)"/>'
        if not full
        else '<ellipse cy="-1" rx="72" ry="17" fill="url(#rim)"/>'
    )
    front = "" if not full else '<path d="M-66 0a66 13 0 0 0 132 0z" fill="#fffdf6"/>'
    return f"""<g transform="translate({x} {y}) scale({scale})"><path d="M-28 76h56l4 18h-64z" fill="url(#foot)"/>
<path d="M-72 0c2 50 30 80 72 80s70-30 72-80z" fill="url(#bowl)"/>
<path d="M-72 0c2 50 30 80 72 80s70-30 72-80z" fill="url(#drip)"/>{rim}{rice}{front}
{shine("M-58 14c6 26 18 42 34 52", 6, 0.55)}</g>"""


def bowls(c: Tone) -> Drawing:
    """Rice bowls in running glaze, one of them full."""
    return Drawing(
        ground=c.ground,
        defs=linear("bowl", [(0, c.dark), (0.15, c.base), (0.32, c.light), (0.55, c.base), (1, c.dark)])
        + linear("drip", [(0, "#6b3d1c", 0.55), (0.16, "#6b3d1c", 0), (0.7, "#000", 0), (1, "#000", 0.25)], 0, 0, 0, 1)
        + linear("rim", [(0, "#c79b6a"), (0.5, "#8a5a32"), (1, "#5b3820")])
        + radial("inner", [(0, c.dark), (1, c.base)], 0.5, 0.2, 0.9)
        + linear("foot", [(0, "#5b3820"), (0.4, "#a9794a"), (1, "#3a2210")]),
        body=f"""{_bowl(250, 150, 1)}{_bowl(254, 190, 1)}{_bowl(250, 230, 1)}{_bowl(130, 244, 1.05, full=True)}
<path d="M36 330 330 352" stroke="#5b3820" stroke-width="6" stroke-linecap="round"/>
<path d="M34 340 326 364" stroke="#7d5231" stroke-width="6" stroke-linecap="round"/>""",
        shadow=cast(252, 328, 66, 13) + cast(132, 344, 60, 13),
    )


def _cup(x: float, y: float) -> str:
    return f"""<g transform="translate({x} {y})"><path d="M-30 0c2 22 12 34 30 34s28-12 30-34z" fill="url(#cup)"/>
<ellipse rx="30" ry="8" fill="#fffdf8"/>
<ellipse cy="1" rx="25" ry="5.5" fill="url(#tea)"/>{shine("M-22 8c2 10 8 16 14 20", 3, 0.9)}</g>"""


def tea_set(_: Tone) -> Drawing:
    """A lidded bowl, a jug and cups in white porcelain on a dark tray."""
    return Drawing(
        ground="mist",
        defs=linear("cup", [(0, "#d9d4cb"), (0.25, "#fff"), (0.6, "#f0ece5"), (1, "#b1a798")])
        + radial("tea", [(0, "#e2b063"), (1, "#a5671f")], 0.4, 0.4, 0.7)
        + linear("tray", [(0, "#6b4a2e"), (0.5, "#4a301b"), (1, "#2a180c")], 0, 0, 0.6, 1)
        + radial("lid", [(0, "#fff"), (0.6, "#f0ece5"), (1, "#b1a798")], 0.35, 0.2, 0.95),
        body=f"""<path d="M44 272h312l26 50q4 10-8 10H26q-12 0-8-10z" fill="url(#tray)"/>
<path d="M18 332h364v6q0 8-10 8H28q-10 0-10-8z" fill="#1c0f06"/>
{lines("M60 286h280M50 302h300M40 318h320", "#8a5f3b", 1.4, 0.5)}
<path d="M244 164c-4 60 6 108 46 112 40-4 50-52 46-112z" fill="url(#cup)"/>
<path d="M244 164l-18-12 14 26z" fill="#f0ece5"/>
<ellipse cx="290" cy="164" rx="46" ry="11" fill="#fffdf8"/>
<ellipse cx="290" cy="166" rx="40" ry="8" fill="url(#tea)"/>
{shine("M256 182c-2 40 6 66 22 80", 6, 0.9)}
<ellipse cx="140" cy="290" rx="74" ry="15" fill="url(#cup)"/>
<path d="M70 182c6 64 30 98 70 98s64-34 70-98z" fill="url(#cup)"/>
<ellipse cx="140" cy="182" rx="72" ry="15" fill="#fffdf8"/>
<path d="M84 178c6-34 28-46 56-46s50 12 56 46c-28 10-84 10-112 0z" fill="url(#lid)"/>
<path d="M124 126h32l-4 12h-24z" fill="url(#cup)"/><ellipse cx="140" cy="125" rx="16" ry="4" fill="#fff"/>
{shine("M84 200c6 30 16 50 32 62M98 166c6-14 16-20 30-22", 6, 0.9)}{peak(124, 224, 0.85, "#7c9fb2", 0.75)}
{_cup(232, 300)}{_cup(306, 300)}""",
        shadow=cast(200, 348, 180, 12, 0.02),
    )
