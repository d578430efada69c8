"""A camera, a projector, power."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, Tone, cast, fade, linear, lines, peak, radial, round_, shine


def camera(c: Tone) -> Drawing:
    """A small camera with a bright lens."""
    rings = "".join(
        f'<circle cx="206" cy="228" r="{r}" fill="none" stroke="#6a645d" stroke-width="{w}" opacity="{o}"/>'
        for r, w, o in ((82, 3, 0.9), (70, 1.4, 0.6), (56, 2, 0.8))
    )
    return Drawing(
        ground="stone",
        defs=linear("top", [(0, c.light), (0.4, c.base), (1, c.dark)], 0, 0, 0.4, 1)
        + linear("skin", [(0, "#3b3733"), (0.3, "#2a2724"), (1, "#121110")], 0, 0, 0.6, 1)
        + radial("barrel", [(0, "#57514a"), (0.6, "#23201d"), (1, "#0b0a0a")], 0.35, 0.25, 0.9)
        + radial("glass", [(0, "#7fa6c9"), (0.25, "#33507a"), (0.6, "#151c33"), (1, "#05060c")], 0.36, 0.3, 0.8),
        body=f"""<path d="M52 172q0-26 26-26h62l16-28q4-8 14-8h76q10 0 14 8l14 28h54q26 0 26 26v128q0 26-26
 26H78q-26 0-26-26z"
 fill="url(#top)"/><path d="M52 196h302v84H52z" fill="url(#skin)"/>
<path d="M52 196h302v3H52zM52 277h302v3H52z" fill="#000" opacity=".35"/>
<rect x="72" y="130" width="44" height="20" rx="6" fill="#23201d"/><circle cx="312" cy="138" r="17" fill="#23201d"/>
{lines("M300 138h24M302 132h20M302 144h20", "#6a645d", 1.4)}
<rect x="272" y="120" width="20" height="12" rx="5" fill="#8b8378"/>
<path d="M172 120h68v26h-68z" fill="{c.dark}" opacity=".45"/>{peak(188, 122, 0.9, c.mark, 0.9)}
<path d="M56 200h30v76H56z" fill="#3b3733"/><circle cx="206" cy="228" r="92" fill="url(#barrel)"/>{rings}
<circle cx="206" cy="228" r="46" fill="url(#glass)"/>
<ellipse cx="190" cy="208" rx="16" ry="11" fill="#dcecff" opacity=".75" filter="url(#sheen)"/>
<circle cx="224" cy="248" r="7" fill="#c9a0d9" opacity=".45"/><circle cx="330" cy="216" r="6" fill="#c8351a"/>
{shine("M68 162q4-8 16-8h56", 6, 0.8, c.light)}{shine("M136 182a86 86 0 0 1 40-34", 5, 0.4)}""",
        shadow=cast(206, 330, 150, 14, 0.1),
    )


def projector(_: Tone) -> Drawing:
    """A projector the size of a loaf, its beam on."""
    vents = "".join(f"M{216 + n * 12} 226v74" for n in range(8))
    return Drawing(
        ground="night",
        defs=linear("b", [(0, "#fff"), (0.4, "#e8e4dc"), (1, "#a39b8d")], 0, 0, 0.3, 1)
        + linear("tp", [(0, "#fff"), (1, "#cfc8bb")])
        + radial("ln", [(0, "#fff"), (0.3, "#cfe4ff"), (0.6, "#3f5f8d"), (1, "#0d1420")], 0.42, 0.4, 0.62)
        + linear("beam", [(0, "#dfeaff", 0), (1, "#eef4ff", 0.75)]),
        body=f"""<path d="M138 262-20 60v380z" fill="url(#beam)"/>
<path d="M78 196q2-30 32-32h210q30 2 32 32z" fill="url(#tp)"/>
<rect x="74" y="190" width="282" height="134" rx="26" fill="url(#b)"/>
<rect x="88" y="322" width="34" height="12" rx="5" fill="#171513"/>
<rect x="306" y="322" width="34" height="12" rx="5" fill="#171513"/>
<circle cx="142" cy="258" r="50" fill="#23201d"/><circle cx="142" cy="258" r="42" fill="#0f0e0d"/>
<circle cx="142" cy="258" r="34" fill="url(#ln)"/>
<circle cx="132" cy="248" r="9" fill="#fff" opacity=".9" filter="url(#sheen)"/>{lines(vents, "#8b8378", 4, 0.75)}
<rect x="206" y="174" width="60" height="10" rx="5" fill="#8b8378" opacity=".7"/>
<circle cx="336" cy="208" r="4" fill="#5fd08f"/>
{peak(322, 296, 0.6, "#6b5a44", 0.8)}{shine("M98 204q8-6 20-6h170", 5, 0.9)}""",
        shadow=cast(216, 334, 136, 13, 0.1, 0.5),
    )


def power_bank(c: Tone) -> Drawing:
    """A flat power bank with a ring of magnets."""
    return Drawing(
        ground=c.ground,
        defs=linear("b", [(0, c.light), (0.45, c.base), (1, c.dark)], 0, 0, 0.9, 1)
        + linear("e", [(0, c.base), (1, c.dark)])
        + radial("ring", [(0, c.base), (1, c.light)], 0.6, 0.7, 0.8),
        body=f"""<g transform="rotate(-10 200 210)">
<rect x="122" y="66" width="174" height="276" rx="34" fill="url(#e)"/>
<rect x="112" y="62" width="174" height="276" rx="34" fill="url(#b)"/>
<circle cx="199" cy="170" r="62" fill="none" stroke="url(#ring)" stroke-width="11"/>
<circle cx="199" cy="170" r="62" fill="none" stroke="{c.dark}" stroke-opacity=".35" stroke-width="1.4"/>
<path d="M193 240h12v26h-12z" fill="url(#ring)"/>
<g fill="#5fd08f"><circle cx="176" cy="304" r="4"/><circle cx="191" cy="304" r="4"/><circle cx="206" cy="304" r="4"/>
</g>
<circle cx="221" cy="304" r="4" fill="{c.dark}" opacity=".5"/>{peak(183, 158, 0.95, c.mark, 0.75)}
<rect x="176" y="332" width="46" height="9" rx="4" fill="#171513"/>{shine("M128 104v150", 8, 0.6, c.light)}</g>""",
        shadow=cast(208, 348, 92, 13, 0.25),
    )


def charger(_: Tone) -> Drawing:
    """A cube with three ports and a braided cable."""
    cable = "M262 300c70 10 110-30 92-82s-90-40-96 8 40 70 84 40"
    return Drawing(
        ground="sage",
        defs=linear("f", [(0, "#fff"), (0.5, "#ece7de"), (1, "#c2b9ac")], 0, 0, 0.5, 1)
        + linear("s", [(0, "#cfc7ba"), (1, "#8d857a")], 0, 0, 0.6, 1)
        + linear("t", [(0, "#fff"), (1, "#e4ddd1")])
        + round_("pin", Tone("#77716a", "#c4bfb8", "#fdfcfa", "sage"))
        + fade("fall"),
        body=f"""<g fill="none" stroke-linecap="round"><path d="{cable}" stroke="#2a2724" stroke-width="11"/>
<path d="{cable}" stroke="#8b8378" stroke-width="11" stroke-dasharray="2 5" opacity=".5"/></g>
<path d="M132 96h14v54h-14zM190 96h14v54h-14z" fill="url(#pin)"/>
<path d="M88 150 116 126h138l-26 24z" fill="url(#t)"/><path d="M228 150l26-24v166l-26 42z" fill="url(#s)"/>
<rect x="84" y="148" width="148" height="190" rx="22" fill="url(#f)"/>
<g fill="#23201d"><rect x="136" y="190" width="44" height="15" rx="7.5"/>
<rect x="136" y="228" width="44" height="15" rx="7.5"/>
<rect x="132" y="268" width="52" height="20" rx="3"/></g><rect x="140" y="272" width="36" height="7" fill="#c8351a"/>
<rect x="142" y="195" width="32" height="5" rx="2" fill="#6a645d"/>
<rect x="142" y="233" width="32" height="5" rx="2" fill="#6a645d"/>
{peak(142, 304, 0.85, "#8a7d66", 0.9)}{shine("M100 176v130", 7, 0.9)}
<path d="M232 288h34q8 0 8 10t-8 10h-34z" fill="#57514a"/>""",
        shadow=cast(166, 338, 88, 13) + cast(300, 300, 60, 10, 0.1, 0.2),
    )
