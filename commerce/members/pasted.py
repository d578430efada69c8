"""Reading a pasted text as an address: name, phone, region and detail, in whatever order people write them.

What cannot be told apart is left for the person: the form shows what was read, and nothing is saved from here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from commerce.members.regions import Place, Region, regions

MOST = 400
"""Characters that are read."""

_LABELS = re.compile(
    r"(?:收货人姓名|收件人姓名|收货人|收件人|联系人|姓名|手机号码|手机号|手机|联系电话|联系方式|电话号码|电话|所在地区|所在区域|地区|"
    r"详细地址|收货地址|收件地址|寄件地址|街道地址|地址|邮政编码|邮编|name|phone|tel|address)\s*[:：]",
    re.IGNORECASE,
)
_NAME_LABEL = re.compile(
    r"(?:收货人姓名|收件人姓名|收货人|收件人|联系人|姓名|name)\s*[:：]\s*([^\s,，;；。|/:：\d]{1,20})", re.IGNORECASE
)
_MOBILE = re.compile(
    r"(?<!\d)(?:\(?(?:\+|00)?86\)?[-\s]*)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?:\s*(?:-|转|ext\.?)\s*(\d{1,6}))?(?!\d)"
)
_LANDLINE = re.compile(r"(?<!\d)\(?(0\d{2,3})\)?[-\s]?(\d{7,8})(?:\s*(?:-|转)\s*(\d{1,6}))?(?!\d)")
_POSTCODE = re.compile(r"(?<![\d\w])\d{6}(?![\d\w])")
_BREAK = re.compile(r"[\s,，;；。、|/\[\]【】<>《》「」\"']+")
_TO = re.compile(r"(?<=[\u4e00-\u9fff]{2})[(]?收[)]?$")
"""What is written behind the name on a parcel."""
_COUNTRY = re.compile(r"^(?:中华人民共和国|中国)")
_SUFFIX = {
    "province": ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"),
    "city": ("自治州", "地区", "盟", "市"),
    "district": ("自治县", "自治旗", "新区", "林区", "区", "县", "市", "旗"),
}
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
    "石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪季柳岳祝左艾盛童翁"
)
_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "端木", "夏侯")
_PLACE_END = re.compile(
    r"(?:[区路街号楼室栋镇乡村苑园城厦场司校学院座幢层期弄巷店桥港湾里村组队库柜站楼道]|小区|花园|公寓|单元|驿站|大道)$"
)
_SURE = 4
_PERSON = re.compile(r"[\u4e00-\u9fff·]{2,6}|[A-Za-z][A-Za-z.\-]{1,30}")
_TITLED = re.compile(r"[\u4e00-\u9fff]{1,3}(?:先生|女士|小姐|老师|同学|师傅|阿姨|总)")
_ENDS = frozenset("号室楼栋层座元幢店柜0123456789")
"""What an address ends with, behind which a name may be written at once."""


class Pasted(msgspec.Struct, frozen=True, kw_only=True):
    """What was read; empty for what was not. ``province`` and ``city`` are codes, told where no district was found."""

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    region_code: str = ""
    detail: str = ""


class _Found(msgspec.Struct, frozen=True):
    start: int
    end: int
    levels: int
    province: Place
    city: Place | None
    region: Region | None


def read(text: str) -> Pasted:
    """Read a pasted text."""
    given = unicodedata.normalize("NFKC", text[:MOST]).strip()
    labelled = _NAME_LABEL.search(given)
    name = labelled[1] if labelled else ""
    if labelled:
        given = given[: labelled.start()] + " " + given[labelled.end() :]
    given = _LABELS.sub(" ", given).replace("市辖区", " ")
    phone, given = _phone(given)
    given = _POSTCODE.sub(" ", given)
    tokens = [_TO.sub("", token) for token in _BREAK.split(given) if token]
    tokens = [_COUNTRY.sub("", token) or token for token in tokens]
    place, before, after = _region(tokens)
    if not name:
        name, before, after = _name(before, after)
    detail = _joined([*before, *after])
    return Pasted(
        name=name,
        phone=phone,
        province=place.province.code if place else "",
        city=place.city.code if place and place.city else "",
        region_code=place.region.code if place and place.region else "",
        detail=detail[:120],
    )


def _phone(text: str) -> tuple[str, str]:
    if match := _MOBILE.search(text):
        number = match[1] + match[2] + match[3] + (f"-{match[4]}" if match[4] else "")
    elif match := _LANDLINE.search(text):
        number = f"{match[1]}-{match[2]}" + (f"-{match[3]}" if match[3] else "")
    else:
        return "", text
    return number, text[: match.start()] + " " + text[match.end() :]


def _names(place: Place, level: str) -> Iterator[str]:
    """Yield how people write a division, the longest first."""
    yield place.name
    for suffix in _SUFFIX[level]:
        short = place.name.removesuffix(suffix)
        if short != place.name and len(short) >= 2:
            yield short


@lru_cache(maxsize=1)
def _table() -> tuple[list[tuple[str, Place]], list[tuple[str, Place, Place]], dict[str, list[Region]]]:
    """Return provinces and cities by the names people use, the longest first, and districts by their full names."""
    known = regions()
    provinces = [(name, place) for place in known.provinces for name in _names(place, "province")]
    cities = [
        (name, province, city)
        for province in known.provinces
        for city in known.cities(province.code)
        for name in _names(city, "city")
    ]
    districts: dict[str, list[Region]] = {}
    for province in known.provinces:
        for city in known.cities(province.code):
            for district in known.districts(city.code):
                if (region := known.known(district.code)) is not None:
                    districts.setdefault(district.name, []).append(region)
    return (
        sorted(provinces, key=lambda one: -len(one[0])),
        sorted(cities, key=lambda one: -len(one[0])),
        districts,
    )


def _region(tokens: list[str]) -> tuple[_Found | None, list[str], list[str]]:
    """Return the division that the tokens name, and the tokens before and after it.

    It begins with a token, or, where all is written together, anywhere within one.
    """
    joined = " ".join(tokens)
    starts = [0, *(at + 1 for at, sign in enumerate(joined) if sign == " ")]
    best: _Found | None = None
    for start in starts:
        found = _at(joined, start)
        if found is not None and (best is None or found.levels > best.levels):
            best = found
    if best is None:
        for start in range(len(joined)):
            found = _at(joined, start)
            if found is not None and found.levels >= 2 and (best is None or found.levels > best.levels):
                best = found
    if best is None:
        return None, tokens, []
    return best, joined[: best.start].split(), joined[best.end :].split()


def _at(text: str, start: int) -> _Found | None:
    provinces, cities, districts = _table()
    known = regions()
    at, levels = start, 0
    province: Place | None = None
    city: Place | None = None
    for name, place in provinces:
        if text.startswith(name, at):
            province, at, levels = place, at + len(name), 1
            break
    after = _skip(text, at)
    for name, above, place in cities:
        if text.startswith(name, after) and (province is None or above == province):
            if province is None and not _whole(text, after + len(name), name, place.name):
                continue
            province, city, at, levels = above, place, after + len(name), levels + 1
            break
    if province is None:
        return _lone(text, start, districts)
    after = _skip(text, at)
    around = [city] if city is not None else known.cities(province.code)
    named = [
        (name, one, district)
        for one in around
        for district in known.districts(one.code)
        for name in _names(district, "district")
        if text.startswith(name, after)
    ]
    if named:
        longest = max(len(name) for name, _, _ in named)
        fits = [(name, one, district) for name, one, district in named if len(name) == longest]
        if len({district.code for _, _, district in fits}) == 1:
            name, above_it, district = fits[0]
            return _Found(start, after + len(name), levels + 1, province, above_it, known.known(district.code))
    if city is None and len(around) == 1:
        city = around[0]
    only = known.districts(city.code) if city is not None else []
    if city is not None and len(only) == 1:
        return _Found(start, at, levels, province, city, known.known(only[0].code))
    return _Found(start, at, levels, province, city, None)


def _whole(text: str, end: int, name: str, full: str) -> bool:
    """Tell whether a city's short name may stand without its province: its full name, or a district follows."""
    return name == full or end >= len(text) or text[end] == " " or bool(re.match(r"[^\s]{1,8}[区县市旗]", text[end:]))


def _lone(text: str, start: int, districts: dict[str, list[Region]]) -> _Found | None:
    """Return a district that stands alone, if there is one of that name only."""
    for length in range(min(12, len(text) - start), 2, -1):
        held = districts.get(text[start : start + length], [])
        if len(held) == 1:
            region = held[0]
            return _Found(start, start + length, 1, region.province, region.city, region)
    return None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " -":
        at += 1
    return at


def _name(before: list[str], after: list[str]) -> tuple[str, list[str], list[str]]:
    """Return the name among the tokens, and the tokens without it."""
    chosen: tuple[int, list[str], int] | None = None
    for side in (before, after):
        for at, token in enumerate(side):
            score = _like_a_name(token)
            if side is after and at == 0 and len(after) > 1:
                score -= 2  # what stands right behind the region is the address
            elif side is after and at == 0:
                score = 0
            if score > 0 and (chosen is None or score > chosen[0]):
                chosen = (score, side, at)
    if chosen is not None:
        _, side, at = chosen
        found = side[at]
        rest = side[:at] + side[at + 1 :]
        return (found, rest, after) if side is before else (found, before, rest)
    last = after[-1] if after else ""
    for length in (2, 3, 4):
        head, tail = last[:-length], last[-length:]
        if head and head[-1] in _ENDS and _like_a_name(tail) == _SURE:
            return tail, before, [*after[:-1], head]
    return "", before, after


def _like_a_name(token: str) -> int:
    """Return how much a token looks like somebody's name, 0 for not at all."""
    if _TITLED.fullmatch(token):
        return 5
    if not _PERSON.fullmatch(token):
        return 0
    if _surnamed(token) and len(token) <= 4:
        return 2 if _PLACE_END.search(token) else _SURE
    return 0 if _PLACE_END.search(token) else 2


def _surnamed(text: str) -> bool:
    return text[0] in _SURNAMES or text.startswith(_COMPOUND)


def _joined(tokens: list[str]) -> str:
    made = ""
    for token in tokens:
        apart = made and made[-1].isascii() and token[0].isascii()
        made += (" " if apart else "") + token
    return made
