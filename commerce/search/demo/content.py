"""Groups, brands, colours and synonyms of the made-up products; their kinds are in kinds.txt, a line each."""

from __future__ import annotations

from pathlib import Path

GROUPS = {
    "home": "家居日用",
    "kitchenware": "厨具餐饮",
    "electronics": "手机数码",
    "computing": "电脑办公",
    "appliance": "家用电器",
    "clothing": "服装",
    "shoesbags": "鞋靴箱包",
    "sport": "运动户外",
    "cosmetics": "美妆个护",
    "eat": "食品生鲜",
    "baby": "母婴玩具",
    "pet": "宠物用品",
}
BRANDS = """
home: 山屿 Shanyu, 暖巢, 檐下, 禾木 Hemu, 青棉, 素白 Subai, 云栖里, 眠月
kitchenware: 灶王爷, 铁匠铺, 炊烟 Chuiyan, 拾味, 鼎香, 瓷言 Ciyan
electronics: 星弧 Starc, 米粒 Mili, 华岭 Hualing, 极昼 Polaro, 声浪 Soundra, 微光 Weiglow, 锐鹏 Repon, 橙极 Orango
computing: 键鼠匠, 墨屏 Inkview, 雷蛰 Razhe, 速存 Speedisk, 联擎 Lianqin, 纸间
appliance: 美家乐, 海澜星 Hailux, 格风 Gefeng, 净界 Purezone, 小厨星, 舒朗 Shulon, 电博士
clothing: 裁云, 简衣 Jianyi, 北纬三十, 棉柠, 绒上, 尚简 Simplo, 布谷 Bugoo, 七分熟
shoesbags: 行履, 步知 Buzhi, 皮匠世家, 旅人 Lvren, 驰足 Chizoo, 云袋
sport: 岭野 Ridgeon, 跃界 Yuejie, 拓峰, 飞羽 Feiyu, 骑迹 Qiji, 山猫户外
cosmetics: 花颜集, 润之, 雪肌 Snowskin, 芷兰, 蔓草 Mancao, 清野, 牙博士
eat: 粮心, 果田 Guotian, 茶里巷, 老坛记, 牧歌 Muge, 海之味, 山货郎, 禾悠
baby: 小象屋, 芽芽 Yaya, 贝乐 Beile, 积木城, 奶油猫, 童年里
pet: 毛球 Maoqiu, 喵星人, 旺家, 爪印 Pawyin
"""
COLOURS = (
    "黑色",
    "白色",
    "灰色",
    "蓝色",
    "粉色",
    "绿色",
    "米色",
    "红色",
    "紫色",
    "咖啡色",
)
COLOURLESS = ("eat", "cosmetics", "pet")
PICKS = ("保温杯", "登机箱", "帐篷", "降噪耳机", "轻薄本", "护眼台灯", "手冲咖啡壶", "龙井", "跑鞋", "口红")
"""What the demo offers before anything is typed."""
_GROUPS = Path(__file__).with_name("synonyms.txt").read_text(encoding="utf-8").splitlines()
SYNONYMS = tuple(tuple(group.split("、")) for group in _GROUPS if not group.startswith("#"))
