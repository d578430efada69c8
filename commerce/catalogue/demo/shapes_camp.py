"""Things for a night outside."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, fade, linear, lines, peak, radial, round_, shine, slope

_BLACK = Tone("#171513", "#3b3733", "#857e76", "sand")
_STEEL = Tone("#77716a", "#c4bfb8", "#fdfcfa", "sand")


def tent(c: Tone) -> Drawing:
    """A dome tent with its door open and a lamp inside."""
    dome = "M34 326C96 306 142 136 206 122c64 14 112 184 168 204z"
    return Drawing(
        ground=c.ground,
        defs=slope("fly", c)
        + linear("side", [(0, c.base), (1, c.dark)], 0, 0, 1, 0.4)
        + radial("inside", [(0, "#ffe7b5"), (0.6, "#d99b4e"), (1, "#7c4a1e")], 0.5, 0.7, 0.7)
        + fade("fall"),
        body=f"""{lines("M60 300 20 334M340 300l40 36M206 122v-6", "#8b8378", 1.4)}
<path d="{dome}" fill="url(#fly)"/><path d="M206 122c64 14 112 184 168 204H262q-30-130-56-204z" fill="url(#side)"/>
<path d="M152 326q34-110 54-176 26 66 56 176z" fill="url(#inside)"/>
<path d="M206 150c-6 60-22 128-54 176h-18c36-56 62-120 72-176z" fill="{c.light}" opacity=".85"/>
<path d="M200 168q-14 80-42 132" fill="none" stroke="{c.dark}" stroke-opacity=".4" stroke-width="2"/>
<path d="M176 326q12-26 50-26t52 26z" fill="#8a5a2b" opacity=".7"/>
<path d="{dome}" fill="url(#fall)" opacity=".6"/>
{lines("M34 326C96 306 142 136 206 122c64 14 112 184 168 204", "#efe9df", 3.2, 0.9)}
{lines("M120 214q-30 70-52 106M292 214q30 70 52 106", c.dark, 1.6, 0.4)}
<path d="M30 326h348v5H30z" fill="{c.dark}"/>{peak(108, 256, 1, c.mark, 0.7)}
{shine("M96 290c30-46 58-112 92-146", 8, 0.4, c.light)}""",
        shadow=cast(206, 334, 176, 14, 0.05),
    )


def camp_chair(c: Tone) -> Drawing:
    """A deep folding chair on crossed legs."""
    seat = "M106 132c2-44 40-66 94-66s92 22 94 66c2 62-22 118-94 124-72-6-96-62-94-124z"
    return Drawing(
        ground=c.ground,
        defs=radial("seat", [(0, c.light), (0.5, c.base), (1, c.dark)], 0.4, 0.2, 0.95)
        + linear("tube", [(0, "#57514a"), (0.4, "#a39b92"), (1, "#23201d")]),
        body=f"""<g stroke="url(#tube)" stroke-width="9" stroke-linecap="round" fill="none">
<path d="m118 336 142-100M282 336 140 236M96 320l70-104M304 320l-70-104"/></g>
<g fill="#23201d"><circle cx="118" cy="336" r="8"/><circle cx="282" cy="336" r="8"/><circle cx="96" cy="320" r="7"/>
<circle cx="304" cy="320" r="7"/></g><circle cx="200" cy="280" r="13" fill="#2a2724"/>
<circle cx="197" cy="277" r="4" fill="#97908a"/>
<path d="{seat}" fill="url(#seat)"/>
<path d="M122 168c14 42 36 66 78 68 42-2 64-26 78-68-4 52-30 84-78 88-48-4-74-36-78-88z" fill="{c.dark}"
 opacity=".4"/>
{lines("M152 78c-18 50-16 110 14 164M248 78c18 50 16 110-14 164", c.dark, 2.2, 0.55)}
{lines("M114 126c4-36 38-52 86-52s82 16 86 52", c.light, 1.4, 0.6)}
<path d="M100 112l18-14 10 22-18 16zM300 112l-18-14-10 22 18 16z" fill="#23201d"/>
<rect x="172" y="96" width="56" height="30" rx="6" fill="#23201d"/>{peak(184, 101, 0.9, "#fff", 0.85)}
{shine("M124 150c-2-34 18-56 50-64", 9, 0.4, c.light)}""",
        shadow=cast(200, 340, 112, 14, 0.12),
    )


def camp_lantern(c: Tone) -> Drawing:
    """A lantern in the old manner, lit."""
    return Drawing(
        ground="night",
        defs=round_("m", c)
        + radial("glow", [(0, "#ffe2a0", 0.85), (0.4, "#ffc766", 0.35), (1, "#ffb84d", 0)], 0.5, 0.5, 0.5)
        + linear("glass", [(0, "#b9772a"), (0.25, "#ffe9b8"), (0.5, "#fff7df"), (0.8, "#f3b455"), (1, "#a8651c")])
        + radial("wick", [(0, "#fff"), (0.5, "#fff0c2"), (1, "#ffcf70", 0)], 0.5, 0.6, 0.6),
        body=f"""<circle cx="200" cy="190" r="190" fill="url(#glow)"/>
<path d="M142 124C120 20 280 20 258 124" fill="none" stroke="url(#m)" stroke-width="7"/>
<path d="M166 94h68l18 34H148z" fill="url(#m)"/><rect x="182" y="76" width="36" height="20" rx="6" fill="url(#m)"/>
<path d="M156 128h88q14 26 14 60t-18 62h-80q-18-28-18-62t14-60z" fill="url(#glass)"/>
<ellipse cx="200" cy="206" rx="26" ry="40" fill="url(#wick)"/>
{lines("M156 130q-14 26-14 58t18 60M244 130q14 26 14 58t-18 60M142 176h116M142 212h116", c.dark, 3.4, 0.9)}
<path d="M144 250h112l12 66q2 18-16 18H148q-18 0-16-18z" fill="url(#m)"/>
<path d="M138 282h124v6H138z" fill="#000" opacity=".25"/>
<circle cx="200" cy="308" r="15" fill="#1b1815"/><circle cx="197" cy="304" r="6" fill="#8b8378"/>
{lines("M200 294v10", "#ffd88a", 2.4)}{shine("M150 262l-8 56", 6, 0.55, c.light)}""",
        shadow=cast(200, 334, 76, 13),
    )


def sleeping_bag(c: Tone) -> Drawing:
    """A quilted bag, rolled and strapped."""
    ribs = "".join(f"M{112 + n * 32} 176c-22 30-22 132 0 164" for n in range(6))
    return Drawing(
        ground=c.ground,
        defs=linear("roll", [(0, c.base), (0.2, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0, 1)
        + radial("end", [(0, c.light), (0.6, c.base), (1, c.dark)], 0.4, 0.35, 0.7)
        + linear("in", [(0, "#f3dfc0"), (1, "#c39a63")], 0, 0, 1, 1),
        body=f"""<path d="M92 174h196c40 0 62 38 62 83s-22 83-62 83H92c-32 0-48-38-48-83s16-83 48-83z"
 fill="url(#roll)"/>
{lines(ribs, c.dark, 3, 0.4)}<path d="{ribs}" fill="none" stroke="{c.light}" stroke-opacity=".45"
 transform="translate(4 0)"/>
<ellipse cx="292" cy="257" rx="58" ry="83" fill="url(#end)"/>
<path d="M292 190c34 0 44 34 42 66s-16 66-42 66-40-30-40-64 18-52 40-50 28 24 26 48-10 44-26 42-20-20-20-38 8-28
 20-26"
 fill="none" stroke="url(#in)" stroke-width="9" stroke-linecap="round"/>
<path d="M112 172h16v170h-16zM214 172h16v170h-16z" fill="#23201d"/>
<rect x="106" y="226" width="28" height="34" rx="5" fill="#3b3733"/>
<rect x="208" y="226" width="28" height="34" rx="5" fill="#3b3733"/>
<path d="M113 236h14v14h-14zM215 236h14v14h-14z" fill="#8b8378"/>{peak(152, 240, 1.1, c.mark, 0.8)}
{shine("M70 206c8-12 16-16 28-16h150", 8, 0.45, c.light)}""",
        shadow=cast(196, 340, 150, 15, 0.1),
    )


def cookset(_: Tone) -> Drawing:
    """A pot over a small stove on its gas."""
    return Drawing(
        ground="stone",
        defs=round_("pot", Tone("#2a2c2e", "#585d60", "#b3babd", "stone"))
        + round_("can", Tone("#7d220f", "#b83a1f", "#e8755a", "stone"))
        + round_("steel", _STEEL)
        + linear("flame", [(0, "#9fd3ff"), (0.6, "#3f8bd8"), (1, "#1c4fa0", 0.4)], 0, 0, 0, 1)
        + fade("fall"),
        body=f"""<path d="M132 284q0-18 20-18h96q20 0 20 18v40q0 18-18 18H150q-18 0-18-18z" fill="url(#can)"/>
<path d="M132 296h136v24H132z" fill="#f6efe4" opacity=".92"/>{peak(184, 298, 0.9, "#7d220f", 0.9)}
<rect x="184" y="238" width="32" height="30" rx="5" fill="url(#steel)"/>
<path d="M160 224q40 16 80 0l-10 20h-60z" fill="url(#steel)"/>
<path d="M166 226l-8-24 16 12 8-22 10 22 8-24 8 24 10-22 8 22 16-12-8 24z" fill="url(#flame)" opacity=".85"/>
{lines("M170 230l-42-24M230 230l42-24", "#57514a", 6)}
<path d="M112 108h176v76q0 18-18 18H130q-18 0-18-18z" fill="url(#pot)"/>
<path d="M112 108h176v76q0 18-18 18H130q-18 0-18-18z" fill="url(#fall)"/>
<path d="M284 124h48q12 0 12 10t-10 10h-50" fill="none" stroke="#23201d" stroke-width="9" stroke-linejoin="round"/>
<path d="M290 150h40q10 0 10-8" fill="none" stroke="#b83a1f" stroke-width="6"/>
<ellipse cx="200" cy="108" rx="88" ry="14" fill="#8b9194"/>
<path d="M116 106c4-22 38-32 84-32s80 10 84 32c-30 14-138 14-168 0z" fill="url(#pot)"/>
<rect x="186" y="58" width="28" height="18" rx="8" fill="#23201d"/>
{lines("M126 128h40M126 144h28M126 160h40", "#e9e6df", 1.6, 0.6)}
{shine("M128 120v66", 7, 0.4)}{shine("M136 98c10-10 26-14 44-15", 5, 0.6)}""",
        shadow=cast(200, 342, 78, 13),
    )


def headlamp(_: Tone) -> Drawing:
    """A lamp on an elastic band, its beam to the left."""
    return Drawing(
        ground="mist",
        defs=slope("case", _BLACK)
        + linear("band", [(0, "#d9683f"), (0.5, "#b83a1f"), (1, "#6a1c0c")], 0, 0, 1, 0.6)
        + radial("lens", [(0, "#fff"), (0.4, "#fff2c9"), (0.8, "#d8c48e"), (1, "#8b8378")], 0.45, 0.4, 0.6)
        + linear("beam", [(0, "#fff4cf", 0), (1, "#fff0bd", 0.9)], 0, 0, 1, 0),
        body=f"""<path d="M150 254 0 196v172l150-56z" fill="url(#beam)"/>
<path d="M164 300C70 250 92 92 218 86c128-4 150 158 62 216" fill="none" stroke="#4a1408" stroke-width="34"/>
<path d="M168 296C78 250 98 96 218 90c122-4 144 152 58 210" fill="none" stroke="url(#band)" stroke-width="28"/>
{lines("M160 268C98 220 120 106 218 100c110-4 134 124 74 178", "#f3b49a", 1.6, 0.7)}
<path d="M150 280C92 232 108 112 214 100" fill="none" stroke="#fff" stroke-opacity=".6" stroke-width="2"
 stroke-dasharray="5 6"/>
<path d="M214 84c26-2 52 6 72 22l-12 26c-18-14-38-20-60-18z" fill="#23201d"/>
<rect x="142" y="236" width="148" height="96" rx="30" fill="url(#case)"/>
<rect x="150" y="244" width="132" height="80" rx="24" fill="#23201d"/>
<circle cx="194" cy="284" r="33" fill="#0f0e0d"/><circle cx="194" cy="284" r="28" fill="url(#lens)"/>
<circle cx="194" cy="284" r="9" fill="#fff"/>{lines("M174 270l14 6M214 270l-14 6M194 308v-12", "#c9b988", 1.6, 0.9)}
<circle cx="252" cy="268" r="12" fill="#c8351a"/><circle cx="249" cy="265" r="4" fill="#ffb8a6"/>
<rect x="238" y="294" width="30" height="12" rx="6" fill="#57514a"/>{shine("M164 252c8-6 20-8 36-8h50", 5, 0.55)}""",
        shadow=cast(212, 338, 84, 13),
    )


def _pole(flip: bool) -> str:
    turn = "translate(400 0) scale(-1 1) rotate(16 200 200)" if flip else "rotate(16 200 200)"
    return f"""<g transform="{turn}"><path d="M205 60c26 6 30 66 2 84" fill="none" stroke="#23201d" stroke-width="5"/>
<path d="M188 56q0-16 14-16t14 16l-3 58h-22z" fill="url(#cork)"/><path d="M191 114h22l-2 44h-18z" fill="url(#foam)"/>
{lines("M191 124h21M192 134h20M192 144h19", "#000", 1.4, 0.35)}
<path d="M196 158h12v66h-12z" fill="url(#carbon)"/><path d="M198 224h8v66h-8z" fill="url(#carbon)"/>
<path d="M199.5 290h5v44h-5z" fill="url(#carbon)"/>
<rect x="191" y="214" width="26" height="16" rx="4" fill="url(#lock)"/>
<rect x="193" y="282" width="22" height="14" rx="4" fill="url(#lock)"/>
<path d="M186 326h32l-6 8h-20z" fill="#23201d"/><path d="M200 334h4l-1 16h-2z" fill="#b9b1a5"/>
{shine("M193 50v58", 4, 0.55)}</g>"""


def trekking_poles(_: Tone) -> Drawing:
    """A pair of poles with cork grips, crossed."""
    return Drawing(
        ground="sage",
        defs=round_("cork", Tone("#8a5f35", "#c7995f", "#f0d5a8", "sage"))
        + round_("foam", _BLACK)
        + round_("carbon", Tone("#15181a", "#3a4146", "#8d979d", "sage"))
        + round_("lock", Tone("#7d220f", "#b83a1f", "#e8755a", "sage")),
        body=_pole(False) + _pole(True),
        shadow=cast(200, 350, 70, 9, 0.1, 0.2),
    )
