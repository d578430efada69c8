"""Twelve demo members with addresses in real districts; people, streets' numbers and phones are made up."""

from __future__ import annotations

from commerce.catalogue.demo.types import Address, Member

_PEOPLE: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("林小满", "满满", "上海市", "市辖区", "徐汇区", "龙腾大道 2350 号 6 幢 1201 室", "310104"),
    ("周野", "周跑跑", "浙江省", "杭州市", "西湖区", "文三路 478 号 3 单元 502 室", "330106"),
    ("乔安宁", "安宁不加班", "北京市", "市辖区", "海淀区", "中关村南大街 31 号院 8 号楼 903", "110108"),
    ("何知行", "知行合一", "广东省", "深圳市", "南山区", "科苑南路 3099 号 B 座 1806", "440305"),
    ("许知远", "知远", "四川省", "成都市", "武侯区", "人民南路四段 27 号 2 栋 1604", "510107"),
    ("陈念", "念念有货", "湖北省", "武汉市", "洪山区", "珞喻路 1037 号 12 栋 301", "420111"),
    ("吴桐", "梧桐", "江苏省", "南京市", "鼓楼区", "中山北路 281 号 5 幢 702 室", "320106"),
    ("郑一舟", "一叶舟", "福建省", "厦门市", "思明区", "环岛东路 1699 号 2203", "350203"),
    ("沈青禾", "青禾", "陕西省", "西安市", "雁塔区", "小寨东路 126 号 9 号楼 1105", "610113"),
    ("白露", "白露为霜", "云南省", "昆明市", "五华区", "翠湖北路 2 号院 4 栋 602", "530102"),
    ("韩冬", "冬藏", "辽宁省", "沈阳市", "和平区", "青年大街 386 号 1 单元 2001", "210102"),
    ("唐果", "糖果盒子", "湖南省", "长沙市", "岳麓区", "麓山南路 932 号 7 栋 408", "430104"),
)


def _member(at: int, row: tuple[str, str, str, str, str, str, str]) -> Member:
    name, nickname, province, city, district, street, code = row
    phone = f"138000001{at:02d}"
    home = Address(
        receiver=name, phone=phone, province=province, city=city, district=district, street=street, code=code
    )
    return Member(phone=phone, name=name, nickname=nickname, avatar=f"avatar-{at:02d}", addresses=(home,))


MEMBERS = tuple(_member(at, row) for at, row in enumerate(_PEOPLE, start=1))
