"""Shops, categories, brands of the demo. All names are made up."""

from __future__ import annotations

from commerce.catalogue.demo.types import Brand, Category, Shop

SHOPS = (
    Shop(
        slug="lingfeng",
        name="凌峰自营",
        intro="户外与家，用得久的东西。自己选品，自己发货，坏了自己修。",
        logo="logo-lingfeng",
        ships_from="浙江杭州",
        ships_within=24,
    ),
    Shop(
        slug="huisheng",
        name="回声数码",
        intro="耳机、手机、电脑和它们的配件。参数照实写，拆机图放在详情里。",
        logo="logo-huisheng",
        ships_from="广东深圳",
        ships_within=48,
    ),
    Shop(
        slug="banmu",
        name="半亩生活",
        intro="一日三餐，一杯茶，一点打扮。产地和批次都写在包装上。",
        logo="logo-banmu",
    ),
)

CATEGORIES = (
    Category("outdoor", "户外", icon="tent"),
    Category("camping", "露营装备", "outdoor"),
    Category("hiking", "徒步登山", "outdoor"),
    Category("sports", "跑步健身", "outdoor"),
    Category("bags", "箱包", "outdoor"),
    Category("home", "家居", icon="bed"),
    Category("bottles", "水杯", "home"),
    Category("bedding", "床品毛巾", "home"),
    Category("lighting", "灯具收纳", "home"),
    Category("kitchen", "厨房", icon="pot"),
    Category("appliances", "厨房电器", "kitchen"),
    Category("cookware", "锅具刀具", "kitchen"),
    Category("tableware", "餐具茶具", "kitchen"),
    Category("digital", "数码", icon="phone"),
    Category("phones", "手机平板", "digital"),
    Category("audio", "耳机音箱", "digital"),
    Category("computers", "电脑外设", "digital"),
    Category("imaging", "影像穿戴", "digital"),
    Category("food", "食品", icon="leaf"),
    Category("tea", "茶与咖啡", "food"),
    Category("fresh", "当季水果", "food"),
    Category("snacks", "坚果蜂蜜", "food"),
    Category("style", "美妆服饰", icon="lip"),
    Category("beauty", "彩妆护肤", "style"),
    Category("apparel", "服饰", "style"),
    Category("kids", "母婴", icon="toy"),
    Category("toys", "玩具", "kids"),
)

BRANDS = (
    Brand("lingfeng", "凌峰"),
    Brand("xingzhi", "行止"),
    Brand("taye", "踏野"),
    Brand("xiliu", "细流"),
    Brand("shouye", "守夜"),
    Brand("mianshang", "棉上"),
    Brand("tingshan", "听山"),
    Brand("fengke", "峰刻"),
    Brand("yunjian", "云键"),
    Brand("jinghu", "镜湖"),
    Brand("banmu", "半亩"),
    Brand("baiduan", "百锻"),
    Brand("linjian", "林间"),
    Brand("tianlong", "田垄"),
    Brand("dansha", "丹砂"),
    Brand("suyu", "素屿"),
    Brand("muouji", "木偶记"),
)
