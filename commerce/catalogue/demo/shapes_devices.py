"""Screens and what one carries with them."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, linear, lines, peak, radial, round_, shine, slope

_SCREEN = linear("sc", [(0, "#f0d9c2"), (0.45, "#d9785a"), (1, "#2c2f45")], 0, 0, 0.3, 1)
_DAWN = linear("sc", [(0, "#dfe8ea"), (0.5, "#8fb0b5"), (1, "#1f3a45")], 0, 0, 0.2, 1)


def phone(c: Tone) -> Drawing:
    """A phone, its back and its front."""
    return Drawing(
        ground="stone" if c.ground == "stone" else c.ground,
        defs=linear("bk", [(0, c.light), (0.4, c.base), (1, c.dark)], 0, 0, 1, 1)
        + linear("fr", [(0, "#f6f7f7"), (0.5, "#8d9997"), (1, "#475553")])
        + _SCREEN
        + radial("ln", [(0, "#5f6f83"), (0.5, "#1a1f27"), (1, "#050608")], 0.35, 0.3, 0.8),
        body="""<g transform="rotate(-7 150 210)"><rect x="80" y="72" width="134" height="272" rx="24"
 fill="url(#fr)"/>
<rect x="83" y="75" width="128" height="266" rx="21" fill="url(#bk)"/>
<rect x="92" y="84" width="66" height="72" rx="18" fill="#fff" opacity=".28"/>
<circle cx="110" cy="104" r="13" fill="url(#ln)"/>
<circle cx="141" cy="104" r="13" fill="url(#ln)"/><circle cx="110" cy="136" r="13" fill="url(#ln)"/>
<circle cx="141" cy="136" r="5" fill="#fff6da"/>
<path d="M96 182 128 84" stroke="#fff" stroke-width="16" opacity=".14"/></g>
<g transform="rotate(5 260 216)"><rect x="192" y="78" width="134" height="272" rx="24" fill="#191b1d"/>
<rect x="193.5" y="79.5" width="131" height="269" rx="22.5" fill="none" stroke="url(#fr)" stroke-width="2.5"/>
<rect x="198" y="84" width="122" height="260" rx="18" fill="url(#sc)"/>
<path d="M198 280 236 214l22 34 16-22 46 64v36q0 18-18 18h-86q-18 0-18-18z" fill="#20243a" opacity=".75"/>
<circle cx="286" cy="172" r="17" fill="#fff0de" opacity=".9"/><circle cx="259" cy="97" r="5" fill="#0b0c0d"/>
<path d="M198 84h70l-70 150z" fill="#fff" opacity=".1"/></g>""",
        shadow=cast(150, 346, 72, 12) + cast(262, 350, 72, 12),
    )


def fold_phone(c: Tone) -> Drawing:
    """A phone that folds, one open and one shut."""
    return Drawing(
        ground=c.ground,
        defs=slope("bk", c)
        + _SCREEN
        + linear("hinge", [(0, "#fff"), (0.5, "#a39b92"), (1, "#57514a")], 0, 0, 0, 1)
        + radial("ln", [(0, "#5f6f83"), (0.5, "#1a1f27"), (1, "#050608")], 0.35, 0.3, 0.8),
        body=f"""<g transform="rotate(6 250 200)">
<path d="M196 56h112q18 0 18 18v118H178V74q0-18 18-18z" fill="#191b1d"/>
<path d="M178 196h148l10 130q2 20-18 20H186q-20 0-18-20z" fill="#191b1d"/>
<path d="M198 62h108q14 0 14 14v116H184V76q0-14 14-14z" fill="url(#sc)"/>
<path d="M184 196h136l9 128q1 14-12 14H187q-13 0-12-14z" fill="url(#sc)"/>
<path d="M184 196h136l9 128q1 14-12 14H187q-13 0-12-14z" fill="#14100c" opacity=".25"/>
<path d="M176 190h152v8H176z" fill="url(#hinge)"/><circle cx="252" cy="74" r="5" fill="#0b0c0d"/>
<path d="M176 300 226 234l22 30 18-20 58 70v10q1 14-12 14H187q-13 0-12-14z" fill="#20243a" opacity=".7"/>
<path d="M184 62h66l-66 120z" fill="#fff" opacity=".1"/></g>
<g transform="rotate(-5 110 270)"><rect x="44" y="196" width="136" height="142" rx="20" fill="url(#bk)"/>
<path d="M44 320h136v-4q0 22-20 22H64q-20 0-20-22z" fill="url(#hinge)"/>
<rect x="52" y="204" width="120" height="86" rx="14" fill="#14171b"/><circle cx="74" cy="226" r="13" fill="url(#ln)"/>
<circle cx="74" cy="260" r="13" fill="url(#ln)"/>{peak(110, 236, 1, "#f3b49a", 0.9)}
{shine("M56 300h70", 5, 0.5, c.light)}</g>""",
        shadow=cast(114, 340, 70, 12) + cast(260, 348, 82, 12),
    )


def tablet(_: Tone) -> Drawing:
    """A tablet with its pencil."""
    return Drawing(
        ground="stone",
        defs=_DAWN
        + linear("fr", [(0, "#fdfdfd"), (0.5, "#a9adaf"), (1, "#5b6063")], 0, 0, 1, 1)
        + round_("pen", Tone("#aaa59d", "#e4e1db", "#ffffff", "stone")).replace('x2="1" y2="0"', 'x2="0" y2="1"'),
        body=f"""<g transform="rotate(-4 200 200)">
<rect x="36" y="86" width="312" height="230" rx="20" fill="url(#fr)"/>
<rect x="40" y="90" width="304" height="222" rx="17" fill="#17191b"/>
<rect x="52" y="102" width="280" height="198" rx="7" fill="url(#sc)"/>
<path d="M52 240 124 158l44 56 34-40 130 110v10q0 6-6 6H58q-6 0-6-6z" fill="#16303a" opacity=".8"/>
<circle cx="262" cy="150" r="20" fill="#fff6e6" opacity=".85"/>
{lines("M86 264c26-22 44 8 66-8s34-28 60-14 36 12 58-2", "#fff", 3.4, 0.95)}
<path d="M52 102h150L84 300H58q-6 0-6-6z" fill="#fff" opacity=".08"/></g>
<g transform="rotate(-22 240 300)"><rect x="152" y="300" width="196" height="14" rx="7" fill="url(#pen)"/>
<path d="M152 300l-26 7 26 7z" fill="#d9d4cc"/>
<path d="M134 305l-8 2 8 2z" fill="#23201d"/>{lines("M300 301v12", "#8b8378", 1.6)}</g>""",
        shadow=cast(200, 336, 150, 15, 0.08, 0.24),
    )


def laptop(c: Tone) -> Drawing:
    """A thin laptop, half open to the light."""
    keys = "".join(
        f'<rect x="{108 + column * 15.6 - row * 4:.1f}" y="{274 + row * 10}" width="{13 + row * 0.6:.1f}" '
        f'height="7" rx="2"/>'
        for row in range(4)
        for column in range(12)
    )
    return Drawing(
        ground=c.ground,
        defs=_SCREEN
        + linear("deck", [(0, c.base), (0.5, c.light), (1, c.base)], 0, 0, 1, 0.3)
        + linear("edge", [(0, c.light), (1, c.dark)], 0, 0, 0, 1),
        body=f"""<rect x="78" y="78" width="244" height="178" rx="13" fill="{c.dark}"/>
<rect x="81" y="81" width="238" height="174" rx="11" fill="#141617"/>
<rect x="90" y="92" width="220" height="146" rx="4" fill="url(#sc)"/>
<path d="M90 210 150 132l34 46 26-30 100 76v10q0 4-4 4H94q-4 0-4-4z" fill="#20243a" opacity=".78"/>
<circle cx="262" cy="128" r="15" fill="#fff0de" opacity=".9"/>
<path d="M90 92h110L98 238h-4q-4 0-4-4z" fill="#fff" opacity=".09"/>
<path d="M86 256h228l52 66q4 6-4 6H38q-8 0-4-6z" fill="url(#deck)"/>
<path d="M34 324h332v6q0 10-12 10H46q-12 0-12-10z" fill="url(#edge)"/>
<path d="M96 266h208l22 46H74z" fill="{c.dark}" opacity=".55"/><g fill="#15181a">{keys}</g>
<path d="M160 314h80l4 10h-88z" fill="{c.base}" stroke="{c.dark}" stroke-opacity=".35"/>
{shine("M60 314l38-50", 4, 0.5, c.light)}""",
        shadow=cast(200, 342, 168, 13, 0.05),
    )


def keyboard(c: Tone) -> Drawing:
    """A compact keyboard, seen from above and a little from the front."""
    rows = []
    for row in range(6):
        for column in range(15 if row < 5 else 9):
            wide = row == 5 and column == 3
            x = 50 + column * 20 if row < 5 else 50 + column * 20 + (100 if column > 3 else 0)
            accent = (row == 0 and column == 0) or (row == 3 and column == 13)
            fill = "url(#acc)" if accent else "url(#alt)" if column in (0, 13, 14) or row == 5 else "url(#key1)"
            rows.append(
                f'<rect x="{x}" y="{134 + row * 26}" width="{117 if wide else 18}" height="23" rx="4" '
                f'fill="#000" opacity=".3"/>'
                f'<rect x="{x + 1}" y="{132 + row * 26}" width="{115 if wide else 16}" height="19" rx="4" '
                f'fill="{fill}"/>'
            )
    return Drawing(
        ground=c.ground,
        defs=linear("case", [(0, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0.3, 1)
        + linear(
            "key1", [(0, "#fff"), (1, "#d9d4cc")] if c.mark != "#fff" else [(0, "#57616a"), (1, "#2a3138")], 0, 0, 0, 1
        )
        + linear("alt", [(0, c.light), (1, c.base)], 0, 0, 0, 1)
        + linear("acc", [(0, "#e8755a"), (1, "#b83a1f")], 0, 0, 0, 1),
        body=f"""<g transform="rotate(-8 200 210)">
<rect x="32" y="112" width="336" height="196" rx="18" fill="{c.dark}"/>
<rect x="32" y="108" width="336" height="190" rx="18" fill="url(#case)"/>
<rect x="44" y="122" width="312" height="166" rx="8" fill="{c.dark}" opacity=".85"/>{"".join(rows)}
<circle cx="346" cy="119" r="0" fill="#fff"/>{shine("M52 114h180", 4, 0.6, c.light)}</g>""",
        shadow=cast(204, 318, 160, 18, 0.05),
    )


def mouse(c: Tone) -> Drawing:
    """A quiet mouse."""
    body = "M200 88c58 0 82 44 84 112 2 78-28 132-84 132s-86-54-84-132c2-68 26-112 84-112z"
    return Drawing(
        ground=c.ground,
        defs=radial("b", [(0, c.light), (0.5, c.base), (1, c.dark)], 0.35, 0.2, 0.95)
        + linear("whl", [(0, "#57514a"), (0.4, "#a39b92"), (1, "#171513")], 0, 0, 0, 1),
        body=f"""<g transform="rotate(14 200 210)">
<path d="{body}" fill="#000" opacity=".3" transform="translate(6 8)" filter="url(#near)"/>
<path d="{body}" fill="url(#b)"/>{lines("M200 90v96M118 184c40 18 124 18 164 0", c.dark, 2.4, 0.55)}
<rect x="189" y="116" width="22" height="52" rx="11" fill="#171513"/>
<rect x="193" y="122" width="14" height="40" rx="7" fill="url(#whl)"/>
{lines("M194 132h12M194 140h12M194 148h12", "#23201d", 1.6, 0.8)}
<path d="M118 206q-8 34 0 66 8-6 10-30t-10-36z" fill="{c.dark}" opacity=".7"/>{peak(180, 262, 1.1, c.mark, 0.6)}
{shine("M142 158c6-28 20-46 42-54", 10, 0.7, c.light)}</g>""",
        shadow=cast(204, 330, 92, 16, 0.2),
    )


def monitor(_: Tone) -> Drawing:
    """A wide screen on a slim stand."""
    return Drawing(
        ground="mist",
        defs=_DAWN
        + linear("st", [(0, "#8b9194"), (0.4, "#e9eced"), (1, "#6a7073")])
        + linear("ft", [(0, "#f6f8f9"), (1, "#8b9194")], 0, 0, 0, 1),
        body=f"""<path d="M180 250h40v70h-40z" fill="url(#st)"/>
<path d="M118 326q82-22 164 0v8q0 8-10 8H128q-10 0-10-8z" fill="url(#ft)"/>
<rect x="26" y="64" width="348" height="206" rx="9" fill="#17191b"/>
<rect x="32" y="70" width="336" height="188" rx="3" fill="url(#sc)"/>
<path d="M32 214 126 112l54 66 44-52 144 116v16H32z" fill="#16303a" opacity=".78"/>
<path d="M32 236 96 188l70 40 80-36 122 50v16H32z" fill="#0d2029" opacity=".7"/>
<circle cx="284" cy="116" r="22" fill="#fff6e6" opacity=".85"/>
<path d="M32 70h190L76 258H32z" fill="#fff" opacity=".07"/>{peak(190, 258, 0.5, "#8b9194", 0.9)}""",
        shadow=cast(200, 342, 96, 11, 0.05),
    )


def watch(c: Tone) -> Drawing:
    """A sports watch, its face lit."""
    ticks = "".join(
        f'<path d="M200 140v7" stroke="#8d979d" stroke-width="2" transform="rotate({n * 30} 200 200)"/>'
        for n in range(12)
    )
    return Drawing(
        ground=c.ground,
        defs=round_("strap", c)
        + radial("case", [(0, "#e9eced"), (0.5, "#8b9194"), (1, "#3b4043")], 0.35, 0.25, 0.9)
        + radial("glass", [(0, "#2a3138"), (1, "#07090a")], 0.4, 0.3, 0.8),
        body=f"""<path d="M160 30q40-8 80 0l10 116H150z" fill="url(#strap)"/>
<path d="M150 254h100l-10 110q-40 10-80 0z" fill="url(#strap)"/>
<g fill="{c.dark}"><circle cx="200" cy="286" r="5"/><circle cx="200" cy="308" r="5"/><circle cx="200" cy="330" r="5"/>
</g>
<path d="M158 96h84M160 72h80" stroke="{c.dark}" stroke-opacity=".35" stroke-width="3"/>
<rect x="284" y="178" width="14" height="20" rx="4" fill="#6a7073"/>
<rect x="284" y="208" width="12" height="16" rx="4" fill="#c8351a"/>
<circle cx="200" cy="200" r="88" fill="url(#case)"/><circle cx="200" cy="200" r="74" fill="#0d0f10"/>
<circle cx="200" cy="200" r="70" fill="url(#glass)"/>{ticks}
<circle cx="200" cy="200" r="56" fill="none" stroke="#22343a" stroke-width="8"/>
<path d="M200 144a56 56 0 1 1-52 76" fill="none" stroke="#84cba8" stroke-width="8" stroke-linecap="round"/>
{lines("M178 188v24M188 188v24h-10M178 188h10", "#fff", 4)}<circle cx="200" cy="195" r="2.5" fill="#fff"/>
<circle cx="200" cy="207" r="2.5" fill="#fff"/>
{lines("M212 188h12v12h-12v12h12", "#fff", 4)}{peak(190, 226, 0.55, "#ff8a6c", 0.95)}
<path d="M140 168a68 68 0 0 1 60-36" fill="none" stroke="#fff" stroke-width="10" opacity=".16"
 stroke-linecap="round"/>
{shine("M174 46l-4 84M168 268l4 80", 6, 0.35, c.light)}""",
        shadow=cast(214, 352, 70, 13, 0.25, 0.24),
    )
