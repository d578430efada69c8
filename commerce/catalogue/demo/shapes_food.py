"""Tea, coffee, fruit, jars."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, fade, linear, lines, peak, radial, round_, shine

_LABEL = linear("lb", [(0, "#d9cdb6"), (0.28, "#fffaf0"), (0.55, "#f1e8d6"), (1, "#bfb196")])


def tea_tin(_: Tone) -> Drawing:
    """A tin of tea and a cup of it."""
    return Drawing(
        ground="sand",
        defs=round_("tin", Tone("#16332a", "#2b5746", "#7fa893", "sand"))
        + round_("lid", Tone("#122a22", "#234a3b", "#739c88", "sand"))
        + _LABEL
        + linear("cup", [(0, "#e6e0d6"), (0.25, "#fff"), (0.6, "#efe9df"), (1, "#b8ad9d")])
        + radial("tea", [(0, "#e2b063"), (1, "#a5671f")], 0.4, 0.4, 0.7),
        body=f"""<path d="M98 128h140v202c0 10-30 18-70 18s-70-8-70-18z" fill="url(#tin)"/>
<path d="M98 178c0 9 30 16 70 16s70-7 70-16v112c0 9-30 16-70 16s-70-7-70-16z" fill="url(#lb)"/>
{lines("m132 262 26-44 17 27 9-13 22 32", "#2b5746", 4.5)}
<rect x="196" y="206" width="15" height="26" rx="2" fill="#b8351a"/>
{lines("M200 212h7m-7 5h7m-7 5h7", "#fff3ea")}{lines("M136 276c18 4 48 4 66 0", "#8a7d66")}
<path d="M94 98h148v36c0 10-32 18-74 18s-74-8-74-18z" fill="url(#lid)"/>
<ellipse cx="168" cy="98" rx="74" ry="17" fill="#3f6f5b"/>
<ellipse cx="160" cy="96" rx="54" ry="10" fill="#8db39f" opacity=".45" filter="url(#sheen)"/>
{shine("M118 160v166", 6, 0.2)}
<path d="M244 286h98c0 38-14 62-34 66h-30c-20-4-34-28-34-66z" fill="url(#cup)"/>
<ellipse cx="293" cy="286" rx="49" ry="12" fill="#fffdf8"/>
<ellipse cx="293" cy="287" rx="43" ry="9.5" fill="url(#tea)"/>
{lines("M262 284c8-5 24-6 34-5", "#fff0cc", 2.5, 0.7)}""",
        shadow=cast(170, 346, 72, 14) + cast(293, 352, 38, 10),
    )


def tea_box(_: Tone) -> Drawing:
    """A gift box, its lid off, with two small tins inside."""
    tin = (
        '<path d="M-38 0h76v96c0 6-16 10-38 10s-38-4-38-10z" fill="url(#tin)"/>'
        '<ellipse rx="38" ry="10" fill="#e9efe0"/><ellipse rx="30" ry="7" fill="#fff" opacity=".7"/>'
        '<path d="M-38 34c0 5 16 9 38 9s38-4 38-9v40c0 5-16 9-38 9s-38-4-38-9z" fill="#fffaf0"/>'
        '<path d="m-16 66 12-20 8 13 4-7 10 14" fill="none" stroke="#69744a" stroke-width="3" stroke-linejoin="round"/>'
    )
    return Drawing(
        ground="sage",
        defs=round_("tin", Tone("#6f7c4a", "#a9b57f", "#e9efd2", "sage"))
        + linear("box", [(0, "#46613f"), (0.4, "#2f4a30"), (1, "#17291a")], 0, 0, 0.3, 1)
        + linear("in", [(0, "#e9d8a8"), (1, "#b99b58")], 0, 0, 0, 1)
        + linear("lid", [(0, "#5d7a52"), (0.5, "#3c5a3a"), (1, "#1f3522")], 0, 0, 0.5, 1),
        body=f"""<g transform="rotate(-9 150 140)">
<rect x="40" y="66" width="200" height="150" rx="8" fill="url(#lid)"/>
<rect x="52" y="78" width="176" height="126" rx="4" fill="none" stroke="#d9c07a" stroke-width="1.6"/>
{lines("m92 176 40-64 28 42 14-22 34 44", "#e9d8a8", 4)}
<rect x="190" y="92" width="22" height="40" rx="3" fill="#b8351a"/>
{lines("M196 102h10m-10 8h10m-10 8h10", "#fff3ea")}</g>
<path d="M82 210h268l-16 128q-2 8-10 8H108q-8 0-10-8z" fill="url(#box)"/>
<path d="M92 216h248l-4 26H96z" fill="url(#in)"/>
<g transform="translate(160 190)">{tin}</g><g transform="translate(272 190)">{tin}</g>
<path d="M86 252h260l-12 86q-2 8-10 8H108q-8 0-10-8z" fill="url(#box)"/>
{lines("M104 268h224M112 330h208", "#d9c07a", 1.4, 0.8)}{peak(198, 288, 1.1, "#e9d8a8", 0.9)}
{shine("M104 262l8 72", 6, 0.25)}""",
        shadow=cast(216, 346, 130, 14, 0.1),
    )


def coffee_beans(_: Tone) -> Drawing:
    """A bag of beans with a valve, some of them spilt."""
    beans = "".join(
        f'<g transform="translate({x} {y}) rotate({turn})"><ellipse rx="15" ry="10.500" fill="url(#bean)"/>'
        f'<path d="M-13 1c8-6 18 6 26-2" fill="none" stroke="#2a1508" stroke-width="2.400"/></g>'
        for x, y, turn in (
            (84, 342, 20),
            (116, 350, -30),
            (286, 346, 12),
            (318, 338, -22),
            (300, 362, 40),
            (62, 360, -12),
        )
    )
    return Drawing(
        ground="sand",
        defs=linear("bag", [(0, "#8a5f3b"), (0.2, "#c79b6a"), (0.45, "#a9794a"), (1, "#5b3820")])
        + radial("bean", [(0, "#9c6a3a"), (0.6, "#5b3318"), (1, "#2a1508")])
        + linear("lab", [(0, "#fffaf0"), (1, "#e6dac2")], 0, 0, 0.3, 1)
        + fade("fall"),
        body=f"""<path d="M116 96q-8-26 4-46h160q12 20 4 46l14 220q2 26-24 26H126q-26 0-24-26z" fill="url(#bag)"/>
<path d="M116 96q-8-26 4-46h160q12 20 4 46l14 220q2 26-24 26H126q-26 0-24-26z" fill="url(#fall)"/>
<path d="M114 66h172l-2 14H116z" fill="#3a2210" opacity=".5"/>
<path d="M120 50h160l4 8H116z" fill="#e9cfa4" opacity=".7"/>
<path d="M104 72h10v14h-10zM286 72h10v14h-10z" fill="#3a2210"/>
<circle cx="200" cy="112" r="11" fill="#e6dac2"/><g fill="#5b3820"><circle cx="196" cy="110" r="2"/>
<circle cx="204" cy="110" r="2"/><circle cx="200" cy="116" r="2"/></g>
<rect x="134" y="142" width="132" height="152" rx="5" fill="url(#lab)"/>
{lines("m158 224 28-44 20 30 9-14 26 34", "#b8351a", 4.5)}
{lines("M154 248h92M154 262h64M154 276h78", "#8a7d66", 3)}
{lines("M124 110c6 60 2 130-6 190M276 110c-6 60-2 130 6 190", "#3a2210", 2, 0.35)}
{shine("M130 104c2 40 2 90 0 130", 8, 0.35)}{beans}""",
        shadow=cast(200, 346, 104, 14),
    )


def strawberries(_: Tone) -> Drawing:
    """A tray of strawberries."""
    berry = f"""<g id="sb">
<path d="M0-24c22-6 34 8 30 26C25 24 10 40 0 44c-10-4-25-20-30-42-4-18 8-32 30-26z" fill="url(#br)"/>
{shine("M-20-8c2-8 8-12 14-12", 5, 0.8, "#ffd2c4")}<g fill="#f6d08a"><ellipse cx="-14" cy="4" rx="1.5" ry="2.4"/>
<ellipse cx="0" cy="0" rx="1.5" ry="2.4"/><ellipse cx="14" cy="4" rx="1.5" ry="2.4"/>
<ellipse cx="-8" cy="16" rx="1.5" ry="2.4"/><ellipse cx="7" cy="16" rx="1.5" ry="2.4"/>
<ellipse cx="0" cy="29" rx="1.5" ry="2.4"/></g>
<path d="M0-20c-8-2-18-10-22-4 6 0 8 10 14 8 0 6 4 8 8 4 4 4 8 2 8-4 6 2 8-8 14-8-4-6-14 2-22 4l2-12h-4z"
 fill="url(#lf)"/></g>"""
    places = (
        (112, 182, -20, 0.9), (166, 172, 8, 0.95), (222, 174, -6, 0.95), (282, 184, 16, 0.9), (98, 222, 14, 1),
        (152, 218, -8, 1.05), (210, 214, 12, 1.08), (264, 220, -14, 1.04), (312, 228, 10, 0.95), (126, 258, -6, 1.08),
        (184, 260, 16, 1.1), (242, 260, -4, 1.1), (296, 262, 18, 1),
    )  # fmt: skip
    rows = "".join(
        f'<use href="#sb" transform="translate({x} {y}) rotate({turn}) scale({scale})"/>'
        for x, y, turn, scale in places
    )
    return Drawing(
        ground="sage",
        defs=radial("br", [(0, "#ff6a4d"), (0.45, "#d92a1f"), (1, "#86100f")], 0.32, 0.25, 0.9)
        + linear("lf", [(0, "#8ab25f"), (1, "#3c6a2c")], 0, 0, 1, 1)
        + linear("bx", [(0, "#e8d6b8"), (0.3, "#f8ecd6"), (1, "#b99b70")], 0, 0, 1, 0.3)
        + linear("in", [(0, "#8d744e"), (1, "#c9ad82")], 0, 0, 0, 1)
        + berry,
        body=f"""<path d="M72 168 328 168 352 284 48 284z" fill="url(#in)"/>{rows}
<path d="M48 276h304l-14 62q-2 8-12 8H74q-10 0-12-8z" fill="url(#bx)"/>
<path d="M48 276h304l-1.5 7H49.5z" fill="#fff8ea"/>
<rect x="150" y="292" width="100" height="38" rx="4" fill="#fffaf0"/>
{lines("m166 320 12-18 8 12 5-7 10 13", "#b8351a", 2.6)}
{lines("M210 306h28m-28 8h20", "#8a7d66", 2.4)}""",
        shadow=cast(200, 344, 150, 15, 0.08),
    )


def _gloss(r: float) -> str:
    """Return the light on something round of radius ``r``."""
    return shine(
        f"M{-r * 0.6:.0f} {-r * 0.2:.0f}a{r * 0.7:.0f} {r * 0.7:.0f} 0 0 1 {r * 0.5:.0f} {-r * 0.5:.0f}", 5, 0.6
    )


def oranges(_: Tone) -> Drawing:
    """A crate of oranges, one cut open before it."""
    fruit = "".join(
        f'<g transform="translate({x} {y})"><circle r="{r}" fill="url(#or)"/><circle cx="{r * 0.2:.0f}" '
        f'cy="{-r * 0.3:.0f}" r="3" fill="#6b4a12"/>'
        f"{_gloss(r)}</g>"
        for x, y, r in (
            (110, 176, 40),
            (192, 158, 42),
            (276, 172, 41),
            (148, 216, 42),
            (236, 214, 43),
            (310, 222, 36),
            (84, 226, 36),
        )
    )
    wedges = "".join(
        f'<path d="M0 0L-11-34Q0-40 11-34z" transform="rotate({n * 40})" fill="#ffb74d" stroke="#ffe7c2" '
        f'stroke-width="2.400"/>'
        for n in range(9)
    )
    return Drawing(
        ground="mist",
        defs=radial("or", [(0, "#ffd08a"), (0.35, "#f79a2b"), (1, "#b9540a")], 0.32, 0.28, 0.9)
        + linear("wood", [(0, "#e9cfa4"), (0.5, "#cfa66b"), (1, "#96703c")], 0, 0, 0.3, 1)
        + linear("lf", [(0, "#8ab25f"), (1, "#2f5a24")], 0, 0, 1, 1),
        body=f"""<path d="M56 200h288v120H56z" fill="#7d5c30"/>{fruit}
<path d="M196 122c14-26 44-28 58-18-12 18-34 26-58 18z" fill="url(#lf)"/>
<path d="M192 124c-6-14-4-24 2-32" stroke="#5b3f12" stroke-width="4" fill="none"/>
<path d="M46 236h308v32H46zM46 276h308v32H46zM46 314h308v26H46z" fill="url(#wood)"/>
<path d="M60 228h20v116H60zM320 228h20v116h-20z" fill="#b98c50"/>
<g fill="#7d5c30"><circle cx="70" cy="252" r="3"/><circle cx="70" cy="292" r="3"/><circle cx="330" cy="252" r="3"/>
<circle cx="330" cy="292" r="3"/></g>
{lines("M90 250c60-6 140 6 220 0M90 292c70 6 140-6 220 0", "#96703c", 1.4, 0.5)}{peak(180, 282, 1, "#7d5c30", 0.8)}
<g transform="translate(284 322) rotate(-8)"><circle r="46" fill="#ef8f22"/>
<circle r="41" fill="#fff2dc"/>{wedges}<circle r="4" fill="#fff2dc"/></g>""",
        shadow=cast(200, 342, 156, 13, 0.06) + cast(292, 364, 44, 8, 0.1),
    )


def nuts(_: Tone) -> Drawing:
    """A jar of mixed nuts, its lid of wood."""
    kinds = ("#c98f4e", "#e6c58f", "#8a5a2b", "#b5793a")
    inside = "".join(
        f'<ellipse cx="{128 + (n * 41) % 149}" cy="{176 + (n * 67) % 151}" rx="{15 + n % 3 * 2}" '
        f'ry="{10 + n % 2 * 3}" fill="{kinds[n % 4]}" '
        f'stroke="#5b3820" stroke-opacity=".35" transform="rotate({(n * 53) % 180} {128 + (n * 41) % 149} '
        f'{176 + (n * 67) % 151})"/>'
        for n in range(64)
    )
    return Drawing(
        ground="blush",
        defs=linear("wood", [(0, "#8a5f35"), (0.25, "#e0b987"), (0.6, "#b98c58"), (1, "#6d4a26")])
        + linear("glass", [(0, "#fff", 0.55), (0.16, "#fff", 0.1), (0.8, "#fff", 0.02), (1, "#fff", 0.4)])
        + '<clipPath id="jar"><path d="M112 150q0-22 20-26h136q20 4 20 26v160q0 30-28 30H140q-28 '
        '0-28-30z"/></clipPath>\n' + linear("lab", [(0, "#e6dac2"), (0.3, "#fffaf0"), (1, "#d3c4a6")]),
        body=f"""<g clip-path="url(#jar)"><path d="M100 110h200v240H100z" fill="#f3e7d3"/>
<path d="M112 160h176v190H112z" fill="#8a5a2b"/>{inside}
<path d="M100 110h200v240H100z" fill="url(#glass)"/></g>
<path d="M112 150q0-22 20-26h136q20 4 20 26v160q0 30-28 30H140q-28 0-28-30z" fill="none" stroke="#fff"
 stroke-opacity=".75" stroke-width="3"/>
<rect x="118" y="72" width="164" height="48" rx="8" fill="url(#wood)"/>
<rect x="126" y="116" width="148" height="9" rx="3" fill="#e9e4dc"/>
{lines("M128 86c40 4 100-4 146 0M126 102c50-4 100 4 148 0", "#6d4a26", 1.4, 0.4)}
<rect x="140" y="206" width="120" height="84" rx="4" fill="url(#lab)"/>
{lines("m164 254 22-34 14 22 8-12 20 28", "#8a5a2b", 4)}
{lines("M160 270h80m-64 9h48", "#8a7d66", 2.6)}{shine("M128 160v140", 9, 0.75)}""",
        shadow=cast(200, 342, 88, 14),
    )


def honey(_: Tone) -> Drawing:
    """A jar of honey with a dipper that drips."""
    jar = "M100 166q0-18 18-20h116q18 2 18 20v140q0 34-32 34h-88q-32 0-32-34z"
    return Drawing(
        ground="sand",
        defs=linear(
            "hn",
            [(0, "#8a4a08"), (0.16, "#d98a1c"), (0.32, "#ffd880"), (0.5, "#e79a22"), (0.85, "#8f4d08"), (1, "#c9780f")],
        )
        + linear("lid", [(0, "#8b857d"), (0.25, "#fff"), (0.6, "#cfcac3"), (1, "#77716a")])
        + linear("wd", [(0, "#e9cfa4"), (0.5, "#c79b6a"), (1, "#7d5426")], 0, 0, 1, 0.4)
        + linear("lab", [(0, "#e6dac2"), (0.3, "#fffaf0"), (1, "#d3c4a6")])
        + fade("fall", "#3a1c02", 0.35),
        body=f"""<path d="{jar}" fill="url(#hn)"/><path d="{jar}" fill="url(#fall)"/>
<path d="M104 104h144v42H104z" fill="url(#lid)"/>
{lines("M104 116h144M104 128h144", "#8b857d", 1.6, 0.6)}<path d="M98 96q0-6 6-6h144q6 0 6 6v10H98z" fill="url(#lid)"/>
<path d="M130 204q46-14 92 0v92q-46 12-92 0z" fill="url(#lab)"/>
<path d="M176 216l16 9v18l-16 9-16-9v-18zM194 248l16 9v18l-16 9-16-9v-18zM158 248l16 9v18l-16 9-16-9v-18z" fill="none"
 stroke="#c9780f" stroke-width="2.6"/>{shine("M120 166v140", 8, 0.5, "#fff3d0")}
<path d="M330 96 300 246" stroke="url(#wd)" stroke-width="11" stroke-linecap="round"/>
<g transform="translate(293 276) rotate(11)"><ellipse rx="27" ry="36" fill="url(#wd)"/>
{lines("M-22-20q22 10 44 0M-27-8q27 11 54 0M-27 5q27 11 54 0M-23 18q23 10 46 0", "#6d4a26", 3.4, 0.75)}
<path d="M-24 8c-2 24 10 32 24 32s26-8 24-32c-10 14-36 14-48 0z" fill="url(#hn)" opacity=".92"/></g>
<path d="M284 312c0 14 4 22 2 34h8c-1-14 4-22 2-36z" fill="#e79a22"/>
<ellipse cx="290" cy="350" rx="34" ry="8" fill="#d98a1c"/>
<ellipse cx="282" cy="348" rx="16" ry="3" fill="#ffe6a8" opacity=".8"/>""",
        shadow=cast(178, 342, 78, 14) + cast(292, 352, 34, 8, 0.1, 0.2),
    )
