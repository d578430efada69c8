"""People and shops: faces of members and hosts, drawn from a few traits, and the marks of the shops."""

from __future__ import annotations

from commerce.catalogue.demo.studio import Drawing, linear, lines, prefixed, radial, shine

Trait = tuple[str, int, int, str, str, str]
"""(hair, colour of hair, skin, top, ground, what else is worn)."""

_SKINS = (("#fde3cf", "#f3c8a9", "#cf9068"), ("#fbdcc4", "#efbd9b", "#c58460"), ("#f0cba6", "#dca47c", "#a86a45"))
_HAIRS = (("#4a3527", "#2a1c13", "#120b07"), ("#3a3532", "#1f1b18", "#0a0807"), ("#7a4f30", "#54331c", "#2e1a0c"))
_GREY = ("#b9b4ad", "#8d8780", "#5b5650")

_BACK = {
    "long": "M108 330C84 130 126 52 200 52s116 78 92 278q-92 24-184 0z",
    "bob": "M114 238C90 110 130 52 200 52s110 58 86 186q-20 18-40 10H154q-20 8-40-10z",
    "tail": "M236 70c60-10 88 40 70 130-6 30-24 40-34 22 14-50 10-90-30-120z",
    "bun": "M166 44a34 30 0 1 1 68 0 34 30 0 1 1-68 0z",
    "short": "",
    "curly": "",
    "bald": "",
    "cap": "M140 170c-6 30-4 46 2 60h116c6-14 8-30 2-60z",
}
_FRONT = {
    "long": "M136 176c-10-70 14-112 64-112s74 42 64 112c-6-30-20-52-40-64-18 20-48 26-68 32-12 8-16 18-20 32z",
    "bob": "M136 178c-10-76 18-114 64-114s74 38 64 114c-4-22-8-34-14-44-34 10-72 8-100-4-8 12-12 26-14 48z",
    "tail": "M136 172c-10-68 16-108 64-108s74 40 64 108c-8-34-28-56-60-62-30 4-56 24-68 62z",
    "bun": "M136 172c-10-68 16-108 64-108s74 40 64 108c-6-40-30-60-64-62-34 2-58 22-64 62z",
    "short": "M134 166c-14-70 18-104 68-104s78 32 64 104c-6-22-12-34-20-44-28 6-60 0-76-14-12 16-30 28-36 58z",
    "bald": "",
    "cap": "M128 142c0-58 30-84 72-84s72 26 72 84q-72-22-144 0z",
}
_CURLS = (
    (138, 128),
    (146, 98),
    (168, 76),
    (196, 66),
    (226, 72),
    (250, 92),
    (262, 122),
    (134, 154),
    (266, 150),
    (180, 92),
    (216, 90),
)


def _hair(style: str, fill: str) -> tuple[str, str]:
    if style == "curly":
        rings = "".join(f'<circle cx="{x}" cy="{y}" r="24" fill="url(#{fill})"/>' for x, y in _CURLS)
        return "", rings
    back = f'<path d="{_BACK[style]}" fill="url(#{fill})"/>' if _BACK[style] else ""
    front = f'<path d="{_FRONT[style]}" fill="url(#{fill})"/>' if _FRONT[style] else ""
    return back, front


def _extras(worn: str) -> str:
    return {
        "glasses": '<g fill="none" stroke="#2a211b" stroke-width="3.600"><circle cx="175" cy="172" r="19"/>'
        '<circle cx="227" cy="172" r="19"/><path d="M194 170c5-4 9-4 14 0M156 168l-14-4M246 168l12-4"/></g>',
        "square": '<g fill="none" stroke="#7d422e" stroke-width="3.600"><rect x="156" y="156" width="38" '
        'height="30" rx="7"/>'
        '<rect x="208" y="156" width="38" height="30" rx="7"/><path d="M194 168h14M156 166l-14-4M246 166l12-4"/></g>',
        "beard": '<path d="M144 190c4 44 26 66 56 66s52-22 56-66c-10 20-22 22-34 20-14-4-30-4-44 0-12 2-24 0-34-20z" '
        'fill="url(#hr)" opacity=".94"/><path d="M182 222c10 6 26 6 36 0" stroke="#c27a64" stroke-width="5" '
        'fill="none" '
        'stroke-linecap="round"/>',
        "rings": '<circle cx="137" cy="200" r="5" fill="#d3a965"/><circle cx="263" cy="200" r="5" fill="#d3a965"/>',
        "scarf": '<path d="M140 262c30 26 90 26 120 0l12 30c-40 30-104 30-144 0z" fill="#c8351a"/>'
        '<path d="M168 296l-14 74h38l8-66z" fill="#a82a12"/>',
        "phones": '<path d="M132 178c-8-150 144-150 136 0" fill="none" stroke="#3b3733" stroke-width="9"/>'
        '<rect x="122" y="162" width="22" height="46" rx="10" fill="#23201d"/><rect x="256" y="162" '
        'width="22" height="46" rx="10" fill="#23201d"/>',
        "": "",
    }[worn]


def person(trait: Trait) -> Drawing:
    """Return somebody from the shoulders up."""
    style, hair, skin, top, ground, worn = trait
    light, base, dark = _SKINS[skin]
    h1, h2, h3 = _GREY if hair == 3 else _HAIRS[hair]
    fill = "tp" if style == "cap" else "hr"
    back, front = _hair(style, fill)
    if style == "cap":
        back = back.replace("url(#tp)", "url(#hr)")
        peaked = "M120 144c40-26 120-26 160 0 10 6 4 14-8 10-44-14-100-14-144 0-12 4-18-4-8-10z"
        front += f'<path d="{peaked}" fill="#000" opacity=".45"/>'
    smile = "M178 218c12 12 32 12 44 0-5 14-12 20-22 20s-17-6-22-20z" if hair != 1 else "M182 220c10 9 26 9 36 0"
    filled = f'<path d="{smile}" fill="#b24a3c"/>' if hair != 1 else lines(smile, "#a8483c", 4)
    mouth = "" if worn == "beard" else filled
    return Drawing(
        ground=ground,
        defs=linear("sk", [(0, light), (0.55, base), (1, dark)], 0, 0, 1, 0.5)
        + linear("hr", [(0, h1), (0.5, h2), (1, h3)], 0, 0, 1, 0.6)
        + linear("tp", [(0, "#fff", 0.35), (0.5, top), (1, top)], -0.4, -0.6, 0.7, 1)
        + linear("td", [(0, "#000", 0), (1, "#000", 0.3)], 0.3, 0, 1, 0.6)
        + radial("bl", [(0, "#e0755c", 0.5), (1, "#e0755c", 0)], 0.5, 0.5, 0.5),
        body=f"""{back}<path d="M44 400c0-92 46-120 112-132l22-8h44l22 8c66 12 112 40 112 132z" fill="{top}"/>
<path d="M44 400c0-92 46-120 112-132l22-8h44l22 8c66 12 112 40 112 132z" fill="url(#td)"/>
<path d="M172 218h56v46c-8 22-48 22-56 0z" fill="url(#sk)"/>
<path d="M172 236c16 18 40 18 56 0v14c-16 16-40 16-56 0z" fill="{dark}" opacity=".5"/>
<ellipse cx="138" cy="178" rx="10" ry="16" fill="{base}"/><ellipse cx="262" cy="178" rx="10" ry="16" fill="{dark}"/>
<path d="M138 156c0-56 26-84 62-84s62 28 62 84c0 62-30 100-62 100s-62-38-62-100z" fill="url(#sk)"/>
<ellipse cx="164" cy="206" rx="20" ry="13" fill="url(#bl)"/>
<ellipse cx="236" cy="206" rx="20" ry="13" fill="url(#bl)"/>
{lines("M160 150c8-6 20-7 28-3M212 147c8-4 20-3 28 3", h3, 4.4)}
<g fill="#2a1a12"><ellipse cx="175" cy="172" rx="5.4" ry="7"/><ellipse cx="226" cy="172" rx="5.4" ry="7"/></g>
<g fill="#fff"><circle cx="177" cy="169" r="2"/><circle cx="228" cy="169" r="2"/></g>
{lines("M202 176c2 12 6 18 3 24-2 3-7 3-10 1", "#a8684a", 3, 0.8)}{mouth}{_extras(worn) if worn == "beard" else ""}
{front}
{shine("M152 128c8-24 24-38 44-42", 7, 0.4, h1) if style != "bald" else ""}
{"" if worn == "beard" else _extras(worn)}""",
    )


MEMBERS: tuple[Trait, ...] = (
    ("bob", 0, 0, "#8a5a3c", "sand", ""),
    ("short", 1, 1, "#2e4a41", "mist", ""),
    ("long", 2, 0, "#a06a62", "sage", "glasses"),
    ("short", 0, 2, "#4c5b70", "stone", "square"),
    ("curly", 1, 1, "#b3664a", "blush", ""),
    ("bun", 0, 0, "#33604c", "sand", "rings"),
    ("cap", 1, 2, "#39424b", "mist", ""),
    ("bald", 1, 1, "#c4beb3", "sage", "beard"),
    ("tail", 2, 0, "#7c9fb2", "blush", "scarf"),
    ("long", 1, 1, "#e0d8cb", "stone", "rings"),
    ("short", 3, 1, "#5a5248", "sand", "glasses"),
    ("curly", 2, 2, "#69744a", "mist", "square"),
)

HOSTS: dict[str, Trait] = {
    "host-lin": ("bun", 0, 0, "#e9e6df", "sand", ""),
    "host-zhou": ("short", 1, 1, "#2e4a41", "mist", "phones"),
    "host-qiao": ("bob", 2, 0, "#b3664a", "sage", "rings"),
    "host-he": ("short", 0, 2, "#c4beb3", "stone", "square"),
    "host-tang": ("curly", 1, 1, "#8a3f52", "blush", ""),
    "host-bai": ("tail", 0, 0, "#3f5f8d", "mist", "glasses"),
}


def host(trait: Trait, prop: Drawing) -> Drawing:
    """Return a host behind a table with something to sell, for a standing picture of 360×640."""
    who, goods = prefixed(person(trait), "w"), prefixed(prop, "g")
    return Drawing(
        ground=trait[4],
        defs=who.defs + goods.defs,
        body=f"""<g filter="url(#near)" opacity=".8">
<path d="M0 150h120v8H0zM0 292h104v8H0zM262 112h98v8h-98z" fill="#8b6535"/>
<rect x="14" y="96" width="34" height="54" rx="5" fill="#2b5746"/>
<rect x="58" y="112" width="34" height="38" rx="4" fill="#e9dcc6"/>
<path d="M16 292v-44q0-8 8-8h22q8 0 8 8v44z" fill="#b8773f"/><circle cx="78" cy="272" r="20" fill="#d8cdbc"/>
<rect x="284" y="60" width="26" height="52" rx="6" fill="#b56c50"/>
<rect x="318" y="78" width="30" height="34" rx="4" fill="#dccab0"/></g>
<g transform="translate(-30 96) scale(1.05)">{who.body}</g>
<path d="M0 500h360v84H0z" fill="#c79f70"/><path d="M0 500h360v4H0z" fill="#e6c69c"/>
<path d="M0 584h360v56H0z" fill="#6e4a28"/>
<g transform="translate(62 366) scale(.6)">{goods.shadow}{goods.body}</g>""",
    )


LOGOS: dict[str, str] = {
    "logo-lingfeng": '<rect width="160" height="160" rx="32" fill="#1f1b17"/>'
    '<g fill="none" stroke-width="11" stroke-linecap="round" stroke-linejoin="round">'
    '<path stroke="#fffdfa" d="M32 118 66 54c2-4 6-4 8 0l20 36"/><path stroke="#e8553a" d="M82 118l24-42 24 42"/></g>',
    "logo-huisheng": '<rect width="160" height="160" rx="32" fill="#23384a"/>'
    '<g fill="none" stroke="#dfeaf0" stroke-width="10" '
    'stroke-linecap="round"><circle cx="80" cy="80" r="8" fill="#dfeaf0" stroke="none"/>'
    '<path d="M58 58a31 31 0 0 0 0 44M102 58a31 31 0 0 1 0 44" opacity=".85"/>'
    '<path d="M40 40a57 57 0 0 0 0 80M120 40a57 57 0 0 1 0 80" opacity=".5"/></g>',
    "logo-banmu": '<rect width="160" height="160" rx="32" fill="#33604c"/>'
    '<g fill="none" stroke="#f1ead8" stroke-width="9" stroke-linecap="round" stroke-linejoin="round">'
    '<path d="M80 124V72M80 84c-4-28-22-38-44-38 0 26 16 40 44 38z"/>'
    '<path d="M80 100c4-26 22-36 44-36 0 24-16 38-44 36z"/><path d="M42 128h76" opacity=".6"/></g>',
}


def logo(name: str) -> str:
    """Return a shop's mark as a whole SVG."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="160" height="160">{LOGOS[name]}</svg>\n'
    )
