"""What one wears, and what one trains with."""

from __future__ import annotations

from commerce.catalogue.demo.studio import (
    Drawing,
    Tone,
    cast,
    fade,
    linear,
    lines,
    peak,
    radial,
    round_,
    shine,
    slope,
)

_SOLE = Tone("#bdb4a7", "#efeae2", "#ffffff", "stone")


def shoe(c: Tone) -> Drawing:
    """A running shoe from the side."""
    upper = (
        "M72 268C62 230 68 180 84 150c5-9 16-8 20 4 8 24 34 32 56 14l14-20c6-8 16-7 22 2 22 32 52 56 90 68 "
        "34 10 62 26 66 50z"
    )
    return Drawing(
        ground=c.ground,
        defs=linear("up", [(0, c.light), (0.3, c.base), (1, c.dark)], 0.1, 0, 0.8, 1)
        + linear("sole", [(0, "#fff"), (0.55, "#efeae2"), (1, "#bdb4a7")], 0, 0, 0.15, 1)
        + linear("heel", [(0, "#3b3632"), (1, "#171412")], 0, 0, 1, 1)
        + linear("tng", [(0, "#f0ebe3"), (1, "#c2b8aa")]),
        body=f"""<g transform="translate(-14 4) rotate(-5 200 260)">
<path d="M156 188 178 136c5-8 17-7 21 2l16 40-36 32z" fill="url(#tng)"/><path d="{upper}" fill="url(#up)"/>
<path d="M72 268C62 230 68 180 84 150c5-9 16-8 20 4 6 18 20 28 38 26-16 30-20 62-14 88z" fill="url(#heel)"/>
<path d="M280 216c36 10 68 26 72 52h-92c-4-22 4-42 20-52z" fill="{c.dark}" opacity=".55"/>
{shine("M92 172c-8 24-10 50-6 78", 4, 0.7, "#8e877f")}{shine("M204 160c24 28 50 46 80 58", 4, 0.55, c.light)}
<g stroke="#f6f1e9" stroke-width="7" stroke-linecap="round">
<path d="m172 172 28-18M188 192l30-20M206 210l30-20M226 226l28-18"/></g>
<path d="M146 258 178 214l18 24 16-18 34 38" fill="none" stroke="#f6f1e9" stroke-width="7" stroke-linejoin="round"
 stroke-linecap="round" opacity=".92"/>
<path d="M60 262c1-6 8-8 16-6 64 12 124 14 184 6 40-6 82-12 98 0 12 12 4 34-18 40-42 8-208 8-256 2-20-2-28-22-24-42z"
 fill="url(#sole)"/>
<path d="M62 286c60 10 220 12 298-4-2 10-8 17-20 20-42 8-208 8-256 2-12-2-19-9-22-18z" fill="#2d2925" opacity=".88"/>
{lines("M80 272c60 10 160 12 240-2", "#b9afa2")}</g>""",
        shadow=cast(198, 314, 140, 17, 0.1),
    )


def hiking_boot(c: Tone) -> Drawing:
    """A boot that covers the ankle, with deep lugs."""
    upper = "M94 276c-6-60-4-126 10-176 2-10 12-14 22-12l66 8c10 2 14 8 14 18l4 42c18 30 50 46 88 56 34 8 50 30 52 64z"
    lugs = "".join(f'<path d="M{92 + n * 27} 310h18l-3 18h-12z" fill="#171412"/>' for n in range(10))
    eyelets = "".join(f'<circle cx="{206 + n * 15}" cy="{150 + n * 15}" r="5" fill="#d8c7a5"/>' for n in range(1, 4))
    return Drawing(
        ground=c.ground,
        defs=linear("up", [(0, c.light), (0.3, c.base), (1, c.dark)], 0, 0, 0.8, 1)
        + linear("sole", [(0, "#4a443e"), (1, "#1b1815")], 0, 0, 0, 1)
        + linear("pad", [(0, "#57514a"), (1, "#23201d")], 0, 0, 1, 1),
        body=f"""<g transform="translate(-8 8)"><path d="M110 96c20-22 74-20 88 4l4 26-94-8z" fill="url(#pad)"/>
<path d="{upper}" fill="url(#up)"/>
<path d="M100 120l104 14 4 20-110-12z" fill="{c.dark}" opacity=".45"/>
<path d="M300 214c34 8 48 30 50 62h-86c-4-30 10-52 36-62z" fill="#2a2622"/>
<path d="M94 276c-3-30-4-60-2-90 22 10 36 40 36 90z" fill="#2a2622"/>
{lines("M128 186c30 20 60 50 66 90M150 146c10 40 50 90 114 112", c.dark, 2.2, 0.6)}
<g stroke="#f0e3c4" stroke-width="6" stroke-linecap="round">
<path d="M176 118l34-8M182 140l34-10M196 162l32-16M212 180l28-22M230 196l26-22"/></g>{eyelets}
<path d="M106 92c-10-14 8-26 16-12" fill="none" stroke="#c8351a" stroke-width="6"/>
<path d="M84 270h272q8 0 8 10v24q0 10-12 10H92q-14 0-14-12v-22q0-10 6-10z" fill="url(#sole)"/>{lugs}
{lines("M90 284h264", "#8b8378", 2, 0.8)}{shine("M112 130c-6 40-8 80-6 120", 6, 0.4, c.light)}
{shine("M214 170c24 30 54 44 84 52", 5, 0.45, c.light)}</g>""",
        shadow=cast(212, 336, 140, 14, 0.08),
    )


def rain_jacket(c: Tone) -> Drawing:
    """A shell jacket, hood up, laid against the wall."""
    torso = "M142 126c36 26 80 26 116 0l34 18 10 176q0 14-14 16-88 14-176 0-14-2-14-16l10-176z"
    return Drawing(
        ground=c.ground,
        defs=linear("t", [(0, c.light), (0.35, c.base), (1, c.dark)], 0, 0, 1, 0.7)
        + linear("l", [(0, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0.7, 1)
        + linear("r", [(0, c.base), (1, c.dark)], 0, 0, 0.7, 1)
        + radial("hood", [(0, c.light), (0.5, c.base), (1, c.dark)], 0.4, 0.15, 0.95)
        + linear("lin", [(0, "#2a2724"), (1, "#4a443e")], 0, 0, 0, 1),
        body=f"""<path d="{torso}" fill="#2a1f14" opacity=".22" filter="url(#soft)" transform="translate(18 14)"/>
<path d="M112 142c-30 14-48 86-56 168-1 10 6 14 16 15l26 2 22-110z" fill="url(#l)"/>
<path d="M288 142c30 14 48 86 56 168 1 10-6 14-16 15l-26 2-22-110z" fill="url(#r)"/>
<path d="M57 300l42 6-2 20-27-2q-14-2-14-14zM343 300l-42 6 2 20 27-2q14-2 14-14z" fill="#23201d" opacity=".75"/>
<path d="{torso}" fill="url(#t)"/>
<path d="M144 128c-10-62 14-90 56-90s66 28 56 90c-34 24-78 24-112 0z" fill="url(#hood)"/>
<path d="M162 122c-6-40 8-60 38-60s44 20 38 60c-20 22-56 22-76 0z" fill="url(#lin)"/>
<path d="M158 72c12-16 72-16 84 0l8 10c-26-12-74-12-100 0z" fill="{c.light}" opacity=".6"/>
{lines("M200 136v200", "#1b1815", 5)}{lines("M200 136v200", "#b9b1a5", 1, 0.6)}
{lines("M142 144c-4 60-6 120-6 186M258 144c4 60 6 120 6 186", c.dark, 1.8, 0.45)}
{lines("M116 232l52 12M284 232l-52 12M222 172h40", "#1b1815", 4)}
<rect x="196" y="150" width="8" height="18" rx="3" fill="#f3b49a"/>
{peak(144, 178, 1, c.mark, 0.9)}{shine("M126 158c-6 50-8 100-8 150", 8, 0.35, c.light)}
{shine("M92 176c-14 40-20 80-24 112", 6, 0.4, c.light)}""",
    )


def cap(c: Tone) -> Drawing:
    """A bucket hat with a cord."""
    brim = "M52 268c30-48 86-70 148-70s118 22 148 70c-30 36-88 52-148 52S82 304 52 268z"
    return Drawing(
        ground=c.ground,
        defs=linear("crown", [(0, c.dark), (0.12, c.base), (0.3, c.light), (0.5, c.base), (1, c.dark)])
        + linear("brim", [(0, c.light), (0.5, c.base), (1, c.dark)], 0.1, 0, 0.6, 1),
        body=f"""<path d="M140 296c10 60 110 60 120 0" fill="none" stroke="#23201d" stroke-width="4"/>
<rect x="192" y="332" width="16" height="14" rx="5" fill="#c99d6a"/>
<path d="{brim}" fill="url(#brim)"/>
<path d="M118 226c24 22 140 22 164 0l4 22c-30 26-142 26-172 0z" fill="{c.dark}" opacity=".35"/>
<path d="M116 236c0-60 10-122 30-136 24-16 84-16 108 0 20 14 30 76 30 136-30 24-138 24-168 0z" fill="url(#crown)"/>
<path d="M146 100c24-16 84-16 108 0-24 14-84 14-108 0z" fill="{c.light}" opacity=".55"/>
{lines("M78 268c26-36 70-52 122-52s96 16 122 52M94 276c24-30 62-44 106-44s82 14 106 44", c.dark, 1.4, 0.4)}
{lines("M118 222c28 22 136 22 164 0", c.dark, 2.4, 0.5)}
{lines("M200 90v20M150 104l-8 110M250 104l8 110", c.dark, 1.6, 0.3)}
<g fill="#23201d"><circle cx="150" cy="184" r="4"/><circle cx="160" cy="190" r="4"/><circle cx="246" cy="186" r="4"/>
</g>
<rect x="176" y="172" width="48" height="30" rx="4" fill="{c.dark}" opacity=".7"/>{peak(186, 176, 0.85, "#fff", 0.85)}
{shine("M136 128c-6 26-8 52-8 84", 7, 0.4, c.light)}""",
        shadow=cast(200, 322, 140, 15, 0.1),
    )


def dress(c: Tone) -> Drawing:
    """A slip dress on a wooden hanger."""
    whole = (
        "M156 128c10 22 26 34 44 34s34-12 44-34c14 8 16 26 10 50l-10 40c34 40 56 88 62 132-36 14-176 14-212 0 "
        "6-44 28-92 62-132l-10-40c-6-24-4-42 10-50z"
    )
    return Drawing(
        ground="blush",
        defs=linear("cl", [(0, c.light), (0.4, c.base), (1, c.dark)], 0, 0, 1, 0.5)
        + linear("f1", [(0, c.dark, 0), (0.5, c.dark, 0.55), (1, c.dark, 0)])
        + linear("f2", [(0, "#fff", 0), (0.5, "#fff", 0.5), (1, "#fff", 0)])
        + linear("wd", [(0, "#d7ab78"), (1, "#8b5f33")], 0, 0, 1, 1),
        body=f"""<path d="{whole}" fill="#2a1f14" opacity=".2" filter="url(#soft)" transform="translate(20 12)"/>
<path d="M200 50c0-18 20-18 20-4 0 12-20 10-20 26" fill="none" stroke="#8c857c" stroke-width="4"
 stroke-linecap="round"/>
<path d="M200 70 126 106c-8 4-4 12 4 10l70-26 70 26c8 2 12-6 4-10z" fill="url(#wd)"/>
<path d="m152 102 8 34M248 102l-8 34" stroke="{c.base}" stroke-width="8"/><path d="{whole}" fill="url(#cl)"/>
<path d="M156 218q44 10 88 0l2 10q-46 10-92 0z" fill="{c.dark}" opacity=".45"/>
<path d="M168 228c-22 40-40 84-48 128h22c6-44 18-88 36-128z" fill="url(#f1)"/>
<path d="M196 230c-8 40-12 84-12 130h26c0-44 0-88-4-130z" fill="url(#f1)"/>
<path d="M226 228c16 40 28 84 34 128h22c-8-44-22-86-42-128z" fill="url(#f1)"/>
<path d="M182 230c-14 40-22 84-26 128h18c2-44 8-88 18-128z" fill="url(#f2)"/>
<path d="M212 230c8 40 14 84 16 128h18c-4-44-12-86-24-128z" fill="url(#f2)" opacity=".6"/>
{shine("M162 146c4 22 4 48-2 68", 8, 0.5)}{lines("M156 128c10 22 26 34 44 34s34-12 44-34", c.dark, 2)}""",
    )


def yoga_mat(c: Tone) -> Drawing:
    """A mat half unrolled, with its lines."""
    return Drawing(
        ground=c.ground,
        defs=linear("flat", [(0, c.base), (1, c.light)], 0, 0, 0.3, 1)
        + linear("roll", [(0, c.base), (0.25, c.light), (0.55, c.base), (1, c.dark)], 0, 0, 0, 1)
        + radial("end", [(0, c.light), (1, c.dark)], 0.4, 0.3, 0.9),
        body=f"""<path d="M96 212h196l82 122q2 6-6 6H44q-8 0-6-6z" fill="#2a1f14" opacity=".25" filter="url(#near)"/>
<path d="M96 208h196l84 120q3 6-6 6H42q-8 0-6-6z" fill="url(#flat)"/>
<path d="M36 328h340v4q0 6-8 6H44q-8 0-8-6z" fill="{c.dark}"/>
{lines("M194 210l12 122M120 252h176M92 300h236", "#fff", 2, 0.55)}
{lines("M150 210l-42 122M242 210l60 122", "#fff", 1.4, 0.35)}
<path d="M92 124h200c34 0 52 22 52 48s-18 48-52 48H92c-28 0-44-22-44-48s16-48 44-48z" fill="url(#roll)"/>
<ellipse cx="296" cy="172" rx="46" ry="48" fill="url(#end)"/>
<path d="M296 134c28 0 36 20 34 40s-14 34-34 34-30-18-30-36 12-28 30-27 22 14 21 28-8 20-20 20-12-10-11-20 6-12 12-11"
 fill="none" stroke="{c.dark}" stroke-width="4" stroke-linecap="round"/>
<path d="M104 122h16v100h-16zM212 122h16v100h-16z" fill="#efe9df"/>
<path d="M112 126C116 70 216 70 220 126" fill="none"
 stroke="#efe9df" stroke-width="12"/>{peak(146, 160, 1.1, c.mark, 0.85)}
{shine("M66 144c8-8 16-10 26-10h180", 7, 0.45, c.light)}""",
        shadow=cast(206, 340, 172, 11, 0.04, 0.22),
    )


def _weight(x: float, y: float) -> str:
    return f"""<g transform="translate({x} {y})"><path d="M70 34h80v22H70z" fill="url(#bar)"/>
{lines("M82 36v18M92 36v18M102 36v18M112 36v18M122 36v18M132 36v18", "#57514a", 1.6, 0.5)}
<path d="M20 12 40 0h20l14 12v66L60 90H40L20 78z" fill="url(#hex)"/>
<path d="M20 12 40 0v90L20 78z" fill="#fff" opacity=".16"/>
<path d="M60 0l14 12v66L60 90z" fill="#000" opacity=".35"/>
<path d="M146 12 160 0h20l20 12v66l-20 12h-20l-14-12z" fill="url(#hex)"/>
<path d="M146 12 160 0v90l-14-12z" fill="#fff" opacity=".16"/>
<path d="M180 0l20 12v66l-20 12z" fill="#000" opacity=".35"/>{peak(38, 36, 0.62, "#efe9df", 0.85)}
{shine("M44 8h12M164 8h12", 4, 0.6)}</g>"""


def dumbbell(_: Tone) -> Drawing:
    """A pair of hexagonal dumbbells, one on the other."""
    return Drawing(
        ground="stone",
        defs=linear("hex", [(0, "#6a645d"), (0.3, "#3f3a35"), (1, "#171513")], 0, 0, 0.4, 1)
        + round_("bar", Tone("#77716a", "#c4bfb8", "#fdfcfa", "stone")).replace('x2="1" y2="0"', 'x2="0" y2="1"')
        + fade("fall"),
        body=f"""<g transform="translate(70 66) rotate(-12 200 200) scale(.9)">{_weight(60, 110)}</g>
<g transform="rotate(5 200 290) scale(1.14)">{_weight(42, 196)}</g>""",
        shadow=cast(258, 262, 110, 13, 0.1, 0.22) + cast(172, 334, 128, 14, 0.1),
    )


def wheel_shadow(x: float, y: float) -> str:
    """Return the small shadow under a wheel."""
    return f'<ellipse cx="{x}" cy="{y}" rx="30" ry="5" fill="#1c140c" opacity=".35" filter="url(#near)"/>'


_WHEEL = (
    '<circle r="40" fill="url(#wh)"/><circle r="40" fill="none" stroke="#5d3a1a" stroke-width="2" opacity=".5"/>'
    '<circle r="14" fill="url(#hub)"/><circle r="5" fill="#6d4420"/>' + shine("M-28-18A34 34 0 0 1 4-34", 5, 0.55)
)


def toy_car(c: Tone) -> Drawing:
    """A wooden car with a peg for a driver."""
    return Drawing(
        ground="sand" if c.ground != "sand" else "mist",
        defs=linear("wd", [(0, "#f3d7ab"), (0.45, "#dcb27a"), (1, "#9c6d38")], 0, 0, 0.5, 1)
        + radial("wh", [(0, "#cfa06a"), (0.6, "#9c6a35"), (1, "#5f3b19")])
        + radial("hub", [(0, "#fbe9cc"), (1, "#c99a60")])
        + radial("pg", [(0, "#ffefd6"), (0.6, "#e5bf8c"), (1, "#a97a44")])
        + slope("gr", c),
        body=f"""<path d="M176 150a24 24 0 1 1 48 0z" fill="url(#pg)"/>
<path d="M168 214c0-48 12-66 32-66s32 18 32 66z" fill="url(#gr)"/>
<path d="M52 250c0-34 14-52 50-56l38-4c8-2 14-10 24-10h8c0 20 14 26 28 26s28-6 28-26h20c12 0 18 6 26 12 40 4 78 18
 78 58
v38q0 12-12 12H64q-12 0-12-12z" fill="url(#wd)"/><path d="M92 206h44v30H86q0-22 6-30z" fill="url(#gr)"/>
{lines("M66 222c60-12 120 4 270-6M60 256c80-8 160 6 288-2M66 282c90 4 180-6 280 0", "#a87841", 1.5, 0.45)}
{shine("M70 222c8-12 22-18 40-20", 7, 0.9, "#fff3dc")}<circle cx="336" cy="246" r="9" fill="{c.base}"/>
<g transform="translate(122 302)">{_WHEEL}</g><g transform="translate(282 302)">{_WHEEL}</g>""",
        shadow=cast(200, 342, 140, 13, 0.1) + wheel_shadow(122, 343) + wheel_shadow(282, 343),
    )
