"""Bottles, cups, kettles."""

from __future__ import annotations

from commerce.catalogue.demo.studio import (
    TONES,
    Drawing,
    Tone,
    cast,
    compose,
    fade,
    linear,
    lines,
    peak,
    round_,
    shine,
)

_CAP = Tone("#1b1815", "#38332e", "#847b72", "sand")
_STEEL = Tone("#77716a", "#c4bfb8", "#fdfcfa", "sand")
_BOTTLE = "M158 112h84c0 14 14 18 14 40v172q0 20-20 22h-72q-20-2-20-22V152c0-22 14-26 14-40z"


def bottle(c: Tone) -> Drawing:
    """A slim insulated bottle with a screw cap."""
    return Drawing(
        ground=c.ground,
        defs=round_("body", c) + round_("cap", _CAP) + round_("steel", _STEEL) + fade("fall"),
        body=f"""<path d="M160 62q0-12 12-12h56q12 0 12 12v40h-80z" fill="url(#cap)"/>
<ellipse cx="200" cy="53" rx="33" ry="4" fill="#6e665e" opacity=".7"/>
<path d="M163 70h74M163 80h74M163 90h74" stroke="#000" stroke-opacity=".28" stroke-width="1.5"/>
<path d="M158 100h84v12h-84z" fill="url(#steel)"/><path d="{_BOTTLE}" fill="url(#body)"/>
<path d="{_BOTTLE}" fill="url(#fall)"/>
<path d="M145 326h110v2q-1 18-19 18h-72q-18 0-19-18z" fill="url(#steel)" opacity=".9"/>
{shine("M168 150v164", 7, 0.26)}{peak(180, 226, 1.1, c.mark, 0.72)}""",
        shadow=cast(200, 344, 56),
    )


def bottle_section(_: Tone) -> Drawing:
    """The bottle cut open: two walls, the vacuum between them, the tea inside."""
    return Drawing(
        ground="sand",
        defs=round_("outer", TONES["ink"])
        + round_("steel", Tone("#8b857d", "#d6d2cc", "#fff", "sand"))
        + linear("tea", [(0, "#7c4a1e"), (0.3, "#c98a4b"), (1, "#6d3d15")])
        + round_("cap", _CAP),
        body=f"""<path d="M160 62q0-12 12-12h56q12 0 12 12v40h-80z" fill="url(#cap)"/>
<path d="M158 100h84v12h-84z" fill="url(#steel)"/><path d="{_BOTTLE}" fill="url(#outer)"/>
<path d="M166 118h68c2 14 12 20 12 38v164q0 14-12 15h-68q-12-1-12-15V156c0-18 10-24 12-38z" fill="#e9e4dc"/>
<path d="M172 118h56c3 16 10 22 10 40v158q0 10-8 11h-60q-8-1-8-11V158c0-18 7-24 10-40z" fill="url(#steel)"/>
<path d="M164 190h72v124q0 9-7 10h-58q-7-1-7-10z" fill="url(#tea)"/>
<ellipse cx="200" cy="190" rx="36" ry="6" fill="#d9a062"/>
<g stroke="#4a4038" stroke-width="1.2" fill="#4a4038"><path d="M250 150h58M242 230h66M234 280h74"/>
<circle cx="250" cy="150" r="2.5"/><circle cx="242" cy="230" r="2.5"/><circle cx="234" cy="280" r="2.5"/></g>""",
        shadow=cast(200, 344, 56),
    )


def bottle_trio(_: Tone) -> Drawing:
    """Three colours side by side."""
    return compose(
        "stone",
        [
            (bottle(TONES["green"]), -62, 34, 0.86),
            (bottle(TONES["sand"]), 112, 34, 0.86),
            (bottle(TONES["ink"]), 14, 10, 0.96),
        ],
    )


def wide_flask(c: Tone) -> Drawing:
    """A wide flask with a loop to carry it by."""
    body = "M150 126h100q24 10 24 40v146q0 30-30 30h-88q-30 0-30-30V166q0-30 24-40z"
    return Drawing(
        ground=c.ground,
        defs=round_("body", c) + round_("cap", _CAP) + round_("steel", _STEEL) + fade("fall"),
        body=f"""<path d="M160 92C158 34 242 34 240 92" fill="none" stroke="url(#cap)" stroke-width="15"/>
{lines("M160 78C166 44 230 44 238 74", "#857d74", 2.4, 0.7)}
<path d="M146 90q0-12 12-12h84q12 0 12 12v26H146z" fill="url(#cap)"/>
<path d="M152 90v26m12-26v26m12-26v26m12-26v26m12-26v26m12-26v26m12-26v26m12-26v26" stroke="#000"
 stroke-opacity=".25"/>
<path d="M150 116h100v11H150z" fill="url(#steel)"/><path d="{body}" fill="url(#body)"/>
<path d="{body}" fill="url(#fall)"/>
<path d="M126 300h148v14q0 28-30 28h-88q-30 0-30-28z" fill="url(#cap)"/>
{shine("M144 170v120", 9, 0.3)}{peak(178, 206, 1.25, c.mark, 0.75)}""",
        shadow=cast(200, 342, 76),
    )


def tumbler(c: Tone) -> Drawing:
    """A tapered coffee cup with a straw and a ribbed sleeve."""
    body = "M136 122h128l-17 208q-2 14-16 14h-62q-14 0-16-14z"
    ribs = "".join(f"M{143 + n * 0.9:.1f} {206 + n * 11}h{114 - n * 1.8:.1f}" for n in range(7))
    return Drawing(
        ground=c.ground,
        defs=round_("body", c)
        + round_("lid", _CAP)
        + round_("sleeve", Tone("#3a2a1d", "#6d5138", "#b3906c", "sand"))
        + fade("fall"),
        body=f"""<path d="M226 104 254 34" stroke="#efe9df" stroke-width="11" stroke-linecap="round"/>
<path d="M223 104 251 36" stroke="#fff" stroke-width="3" opacity=".9" stroke-linecap="round"/>
<path d="{body}" fill="url(#body)"/><path d="{body}" fill="url(#fall)"/>
<path d="M142.5 196h115l-6.5 84H149z" fill="url(#sleeve)"/>{lines(ribs, "#000", 1.4, 0.28)}
<path d="M128 106q0-8 8-8h128q8 0 8 8v14q0 6-6 6H134q-6 0-6-6z" fill="url(#lid)"/>
<ellipse cx="200" cy="99" rx="66" ry="7" fill="#57504a"/>
<rect x="150" y="95" width="34" height="7" rx="3.5" fill="#1b1815"/>
{shine("M156 138l10 186", 7, 0.34)}{peak(182, 146, 1, c.mark, 0.7)}""",
        shadow=cast(200, 342, 54),
    )


def kettle(c: Tone) -> Drawing:
    """A gooseneck kettle with a wooden handle."""
    body = "M148 164h112l26 160q2 18-16 18H138q-18 0-16-18z"
    return Drawing(
        ground=c.ground,
        defs=round_("k", c)
        + linear("wood", [(0, "#6b4a2e"), (0.4, "#4a301b"), (1, "#22140a")], 0, 0, 1, 1)
        + linear("spout", [(0, c.light), (0.5, c.base), (1, c.dark)], 0, 0, 0, 1)
        + fade("fall", "#000", 0.25),
        body=f"""<path d="M146 300C70 300 96 190 64 152" fill="none" stroke="url(#spout)" stroke-width="17"
 stroke-linecap="round"/>{lines("M140 294C82 292 104 190 70 156", c.light, 3.5, 0.7)}
<path d="M262 176h52c30 0 34 24 30 50l-10 66" fill="none" stroke="url(#wood)" stroke-width="18"
 stroke-linecap="round" stroke-linejoin="round"/>
<path d="{body}" fill="url(#k)"/><path d="{body}" fill="url(#fall)"/>
<ellipse cx="204" cy="164" rx="56" ry="11" fill="{c.base}"/>
<path d="M156 160c4-20 24-26 48-26s44 6 48 26c-14 8-82 8-96 0z" fill="url(#k)"/>
<rect x="194" y="112" width="20" height="24" rx="7" fill="url(#wood)"/>
{shine("M152 188 138 316", 8, 0.5)}{peak(190, 250, 0.8, c.mark, 0.55)}""",
        shadow=cast(206, 340, 86, 14),
    )
