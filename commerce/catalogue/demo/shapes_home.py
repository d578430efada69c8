"""For the bed, the bath and the desk."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, linear, lines, radial, shine


def _fold(y: float, h: float, x: float, w: float, fill: str) -> str:
    return (
        f'<path d="M{x + h / 2} {y}h{w - h}c{h * 0.7:.0f} 0 {h * 0.7:.0f} {h} 0 {h}H{x + h / 2}'
        f'c{-h * 0.7:.0f} 0 {-h * 0.7:.0f} {-h} 0 {-h}z" fill="url(#{fill})"/>'
        + shine(
            f"M{x + h * 0.4:.0f} {y + h * 0.32:.0f}c{w * 0.2:.0f} {-h * 0.16:.0f} {w * 0.5:.0f} {-h * 0.16:.0f} "
            f"{w * 0.7:.0f} 0",
            h * 0.16,
            0.65,
        )
    )


def duvet(_: Tone) -> Drawing:
    """Folded duvets under a pillow."""
    return Drawing(
        ground="mist",
        defs=linear("w1", [(0, "#fff"), (0.5, "#f0ece5"), (1, "#c4bcb0")], 0, 0, 0.25, 1)
        + linear("w2", [(0, "#e9eef0"), (0.5, "#c6d1d6"), (1, "#8d9da5")], 0, 0, 0.25, 1)
        + linear("w3", [(0, "#f6efe4"), (0.5, "#e2d5c1"), (1, "#b09d80")], 0, 0, 0.25, 1)
        + radial("pl", [(0, "#fff"), (0.55, "#f4f0ea"), (1, "#c2b9ac")]),
        body=_fold(276, 66, 52, 296, "w2")
        + _fold(222, 62, 58, 284, "w1")
        + _fold(178, 52, 66, 268, "w3")
        + f"""<path d="M96 176c-14-20-12-64 2-74 30-8 70 2 102-2 32 4 72-6 102 2 14 10 16 54 2 74-30 10-70 4-104 6
-34-2-74 4-104-6z" fill="url(#pl)"/>{shine("M112 116c30-6 60 0 84-2", 10, 1)}
{shine("M120 168c10-8 16-14 20-24M286 166c-12-6-18-14-20-22M290 112c-8 6-14 14-16 20", 3, 0.6, "#b1a798")}
<rect x="74" y="236" width="26" height="34" rx="3" fill="#fffdf8"/>
{lines("m79 258 6-9 4 6 3-4 5 7", "#b8351a", 1.8)}""",
        shadow=cast(200, 344, 146, 14, 0.1),
    )


def _spiral(x: float, y: float, colour: str) -> str:
    return (
        f'<g transform="translate({x} {y})"><circle r="46" fill="url(#rl)"/>'
        f'<path d="M0-34c24 0 34 16 33 34S18 34 0 34-32 18-32 0-18-22-2-22 20-12 20 2 10 20-2 20-18 '
        f'8-17-1-8-12-1-11 8 6 7 9" '
        f'fill="none" stroke="{colour}" stroke-width="4.500" stroke-linecap="round" opacity=".55"/>'
        + shine("M-34-20A40 40 0 0 1 2-39", 6, 0.7)
        + "</g>"
    )


def towels(c: Tone) -> Drawing:
    """Two rolled towels on two folded ones, tied with a ribbon."""
    return Drawing(
        ground=c.ground,
        defs=linear("t1", [(0, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0.2, 1.2)
        + linear("t2", [(0, "#fff"), (0.5, "#f0ece5"), (1, "#c4bcb0")], 0, 0, 0.25, 1)
        + radial("rl", [(0, c.light), (0.6, c.base), (1, c.dark)], 0.35, 0.3, 0.9)
        + linear("rb", [(0, "#d9b080"), (1, "#8a5f35")], 0, 0, 0.2, 1),
        body=f"""{_fold(276, 64, 60, 280, "t1")}{_fold(216, 62, 66, 268, "t2")}
{lines("M84 296h236M84 306h236M86 236h230", c.dark, 1.4, 0.25)}
<path d="M78 262h244v10H78z" fill="{c.base}" opacity=".45"/>
<path d="M186 216h28v124h-28z" fill="url(#rb)"/>
<path d="M186 238c-30-20-40 14 0 14zM214 238c30-20 40 14 0 14z" fill="url(#rb)"/>
<circle cx="200" cy="245" r="9" fill="#8a5f35"/>
<path d="M108 126h104a46 46 0 0 1 0 92H108z" fill="url(#rl)"/>{_spiral(108, 172, c.dark)}
<path d="M232 138h76a40 40 0 0 1 0 80h-76z" fill="url(#t2)"/><g transform="translate(240 178) scale(.86)">
<circle r="46" fill="#f4f0ea"/>
<path d="M0-34c24 0 34 16 33 34S18 34 0 34-32 18-32 0-18-22-2-22 20-12 20 2 10 20-2 20-18 8-17-1" fill="none"
 stroke="#b1a798" stroke-width="4.5" stroke-linecap="round"/></g>""",
        shadow=cast(200, 342, 144, 14, 0.1),
    )


def desk_lamp(c: Tone) -> Drawing:
    """A lamp on a jointed arm, switched on."""
    return Drawing(
        ground="stone" if c.ground != "stone" else "mist",
        defs=linear("m", [(0, c.dark), (0.3, c.light), (1, c.dark)])
        + linear("hd", [(0, c.light), (0.4, c.base), (1, c.dark)], 0, 0, 1, 1)
        + radial("gl", [(0, "#ffe9b8", 0.95), (0.5, "#ffdf9c", 0.4), (1, "#ffd98a", 0)], 0.5, 0.0, 1)
        + linear("bs", [(0, c.light), (0.4, c.base), (1, c.dark)]),
        body=f"""<path d="M96 172 232 172 312 344H40z" fill="url(#gl)" opacity=".8"/>
<ellipse cx="250" cy="338" rx="68" ry="14" fill="{c.dark}"/>
<ellipse cx="250" cy="332" rx="68" ry="14" fill="url(#bs)"/>
<ellipse cx="238" cy="329" rx="44" ry="6" fill="{c.light}" opacity=".45" filter="url(#sheen)"/>
<path d="M252 330 292 200" stroke="url(#m)" stroke-width="9" stroke-linecap="round"/>
{lines("m292 200-112-92", c.dark, 9)}{lines("m288 193-104-86", c.light, 2.4, 0.9)}
<circle cx="292" cy="200" r="12" fill="{c.dark}"/><circle cx="290" cy="197" r="5" fill="{c.light}"/>
<path d="M150 96c10-8 40-6 50 6 18 20 36 48 40 70H92c6-32 30-62 58-76z" fill="url(#hd)"/>
<ellipse cx="166" cy="172" rx="74" ry="12" fill="#fff3d4"/><ellipse cx="166" cy="173" rx="58" ry="8" fill="#fffdf5"/>
{shine("M112 152c8-20 22-38 40-48", 6, 0.75, c.light)}""",
        shadow=cast(252, 342, 70, 12),
    )


def _weave(x: float, y: float, w: float, h: float, lean: float) -> str:
    rows = []
    for row in range(int(h // 13)):
        inset = lean * (row * 13) / h
        start, width, top = x + inset, w - 2 * inset, y + row * 13
        step = width / 9
        for column in range(9):
            shade = "#cfa66b" if (row + column) % 2 else "#a87b42"
            rows.append(
                f'<rect x="{start + column * step:.1f}" y="{top:.0f}" width="{step + 0.6:.1f}" height="12.4" rx="5" '
                f'fill="{shade}"/>'
            )
    return "".join(rows)


def basket(_: Tone) -> Drawing:
    """Two woven baskets, a blanket in the bigger one."""
    return Drawing(
        ground="sage",
        defs=linear("dim", [(0, "#fff", 0.25), (0.4, "#fff", 0), (1, "#3a2208", 0.5)], 0, 0, 1, 0.3)
        + linear("rim", [(0, "#e6c58f"), (0.5, "#c99d5f"), (1, "#7d5426")], 0, 0, 1, 0.2)
        + linear("cl", [(0, "#fff"), (0.5, "#e8e2d8"), (1, "#b1a798")], 0, 0, 0.6, 1),
        body=f"""<path d="M104 152c10-60 60-66 92-44 30-30 90-12 92 44v20H104z" fill="url(#cl)"/>
{shine("M124 138c12-26 34-30 56-22M214 120c18-14 44-8 54 14", 7, 0.9)}
{lines("M196 110c-6 20-6 40 0 60M150 116c-4 16-4 34 0 50", "#a89e8f", 2, 0.6)}
<path d="M84 190c-26 6-26 52 6 56M306 190c26 6 26 52-6 56" fill="none" stroke="url(#rim)" stroke-width="11"/>
{_weave(84, 168, 222, 172, 16)}<path d="M84 168h222l-14 172H100z" fill="url(#dim)"/>
<rect x="78" y="158" width="234" height="20" rx="10" fill="url(#rim)"/>
{lines("".join(f"M{x} 164l10 8" for x in range(92, 300, 26)), "#7d5426", 2, 0.6)}
<g transform="translate(150 122) scale(.64)">{_weave(214, 210, 150, 134, 10)}
<path d="M214 210h150l-10 134H224z" fill="url(#dim)"/>
<rect x="206" y="198" width="166" height="20" rx="10" fill="url(#rim)"/></g>""",
        shadow=cast(206, 342, 130, 14, 0.14),
    )
