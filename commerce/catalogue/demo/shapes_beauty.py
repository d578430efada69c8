"""Small things in glass and gold."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, linear, lines, peak, radial, round_, shine

_BLACK = Tone("#120f0e", "#2d2826", "#807570", "blush")
_GOLD = Tone("#8a6432", "#d3a965", "#fff0cf", "blush")


def lipstick(c: Tone) -> Drawing:
    """A lipstick beside its cap."""
    return Drawing(
        ground="blush" if c.ground != "blush" else "sand",
        defs=round_("blk", _BLACK)
        + round_("gold", _GOLD)
        + linear("red", [(0, c.dark), (0.16, c.base), (0.34, c.light), (0.5, c.base), (0.85, c.dark), (1, c.base)])
        + linear("cut", [(0, c.light), (1, c.base)], 0, 0, 1, 1),
        body=f"""<path d="M146 146c0-22 34-52 52-54 4 0 6 2 6 6v90h-58z" fill="url(#red)"/>
<path d="M146 148c0-24 34-54 52-56 8 4 6 16-4 30-12 16-30 28-48 26z" fill="url(#cut)"/>
<path d="M140 184h70v56h-70z" fill="url(#gold)"/>{lines("M140 190h70", "#fff7e2", 1.5, 0.8)}
<path d="M128 238h94v100q0 6-8 6h-78q-8 0-8-6z" fill="url(#blk)"/><path d="M128 238h94v7h-94z" fill="url(#gold)"/>
<path d="M252 206q0-8 8-8h62q8 0 8 8v132q0 6-8 6h-62q-8 0-8-6z" fill="url(#blk)"/>
<ellipse cx="291" cy="200" rx="36" ry="4" fill="#5a514c"/>
<path d="M252 326h78v8h-78z" fill="url(#gold)"/>{peak(276, 252, 0.86, "#d9b87f", 0.9)}""",
        shadow=cast(178, 342, 54, 12) + cast(292, 342, 44, 12),
    )


def serum(_: Tone) -> Drawing:
    """A dropper bottle of amber glass."""
    return Drawing(
        ground="blush",
        defs=linear(
            "gl",
            [
                (0, "#6b3512"),
                (0.14, "#a95f24"),
                (0.28, "#f0bc7e"),
                (0.45, "#a75c22"),
                (0.82, "#582708"),
                (0.95, "#95501d"),
                (1, "#5d2b0c"),
            ],
        )
        + round_("cp", Tone("#14110f", "#2f2b28", "#8a827b", "blush"))
        + linear("lb", [(0, "#e0d8cb"), (0.28, "#fffdf8"), (1, "#cdc3b4")]),
        body=f"""<path d="M176 52c0-12 48-12 48 0l4 46h-56z" fill="#3b3733"/>
<path d="M184 56c0-8 12-10 18-9l-4 48h-16z" fill="#8e867f" opacity=".6" filter="url(#sheen)"/>
<path d="M162 96h76v52h-76z" fill="url(#cp)"/>
<path d="M170 100v44m10-44v44m10-44v44m10-44v44m10-44v44m10-44v44" stroke="#000" stroke-opacity=".25"/>
<path d="M168 148h64v10c0 10 44 14 44 44v124q0 18-18 18H142q-18 0-18-18V202c0-30 44-34 44-44z" fill="url(#gl)"/>
<path d="M124 226h152v84H124z" fill="url(#lb)"/>{peak(176, 240, 1.2, "#7d3f17", 0.9)}
{lines("M172 284h56m-46 10h36", "#8a7d6e", 2.6)}{shine("M146 206v14m0 96v18", 7, 0.5)}""",
        shadow=cast(200, 342, 74, 13),
    )


def cream(_: Tone) -> Drawing:
    """An open jar of cream, its lid leaning on it."""
    return Drawing(
        ground="stone",
        defs=linear("gl", [(0, "#c9bfb0"), (0.2, "#fffdf8"), (0.5, "#ebe3d6"), (0.85, "#b3a796"), (1, "#d9cfc0")])
        + radial("cr", [(0, "#fff"), (0.6, "#fbf3e6"), (1, "#dccab0")], 0.4, 0.35, 0.8)
        + round_("gold", Tone("#8a6432", "#d3a965", "#fff0cf", "stone"))
        + radial("lid", [(0, "#fff0cf"), (0.5, "#d3a965"), (1, "#8a6432")], 0.35, 0.3, 0.9),
        body=f"""<g transform="rotate(-18 290 240)"><ellipse cx="300" cy="252" rx="30" ry="86" fill="#8a6432"/>
<ellipse cx="288" cy="252" rx="28" ry="86" fill="url(#lid)"/>
<ellipse cx="286" cy="252" rx="22" ry="72" fill="none" stroke="#fff7e2" stroke-opacity=".6"/>
{peak(276, 238, 0.7, "#6d4a16", 0.85)}</g>
<path d="M74 214h204v84q0 44-46 44H120q-46 0-46-44z" fill="url(#gl)"/><path d="M84 196h184v26H84z" fill="url(#gold)"/>
<ellipse cx="176" cy="196" rx="92" ry="24" fill="#efe7da"/>
<ellipse cx="176" cy="196" rx="82" ry="19" fill="url(#cr)"/>
<path d="M112 196c16-22 50-24 64-10 14-24 50-14 54 6-14 10-34 12-56 12s-48-2-62-8z" fill="#fffdf8"/>
<path d="M164 190c2-22 14-34 30-36-4 10 4 16 0 30-6 8-20 10-30 6z" fill="#fff"/>
{lines("M132 194c12-8 26-10 38-6M186 186c12-6 24-4 30 2", "#dccab0", 2.4, 0.9)}
{peak(158, 256, 1.1, "#a9794a", 0.85)}{lines("M142 304h68", "#a89e8f", 2.6)}{shine("M92 232v74", 8, 0.95)}""",
        shadow=cast(180, 342, 100, 14) + cast(300, 340, 40, 10, 0.2, 0.2),
    )
