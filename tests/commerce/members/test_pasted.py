"""Texts as people paste them, read as addresses."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from commerce.members.pasted import Pasted, read
from commerce.members.regions import regions
from tests.commerce.members.test_merging import MINE, log_in, send

XUHUI, CHAOYANG, NANSHAN, XIHU, WUHOU, HAIDIAN = "310104", "110105", "440305", "330106", "510107", "110108"
CASES = [
    ("张三 13812345678 上海市徐汇区漕溪北路18号", "张三", "13812345678", XUHUI, "漕溪北路18号"),
    ("上海市徐汇区漕溪北路18号 张三 13812345678", "张三", "13812345678", XUHUI, "漕溪北路18号"),
    ("张三，13812345678，上海市徐汇区漕溪北路18号2单元301室", "张三", "13812345678", XUHUI, "漕溪北路18号2单元301室"),
    ("张三13812345678上海市徐汇区漕溪北路18号", "张三", "13812345678", XUHUI, "漕溪北路18号"),
    ("上海市徐汇区漕溪北路18号张三13812345678", "张三", "13812345678", XUHUI, "漕溪北路18号"),
    (
        "收货人：李小明\n手机号：139-1234-5678\n所在地区：北京市朝阳区\n详细地址：建国路88号SOHO现代城A座1201",
        "李小明", "13912345678", CHAOYANG, "建国路88号SOHO现代城A座1201",
    ),
    (
        "收件人: 李小明 电话: +86 139 1234 5678 地址: 北京市北京市朝阳区建国路88号",
        "李小明", "13912345678", CHAOYANG, "建国路88号",
    ),
    ("北京 朝阳区 建国路88号 李小明 13912345678", "李小明", "13912345678", CHAOYANG, "建国路88号"),
    ("广东省深圳市南山区科技园南路1号 王女士 18600001111", "王女士", "18600001111", NANSHAN, "科技园南路1号"),
    ("广东省 深圳市 南山区 科技园南路1号，王女士，18600001111", "王女士", "18600001111", NANSHAN, "科技园南路1号"),
    ("广东深圳南山区科技园南路1号 王先生 (+86)18600001111", "王先生", "18600001111", NANSHAN, "科技园南路1号"),
    ("深圳市南山区科技园南路1号 王强 18600001111", "王强", "18600001111", NANSHAN, "科技园南路1号"),
    ("深圳南山区科技园南路1号,王强,18600001111", "王强", "18600001111", NANSHAN, "科技园南路1号"),
    (
        "王强 18600001111 浙江省杭州市西湖区文三路 90 号 东软创业大厦 A 座",
        "王强", "18600001111", XIHU, "文三路90号东软创业大厦A座",
    ),
    ("浙江省杭州市西湖区 文三路90号 欧阳锋 18600001111 310012", "欧阳锋", "18600001111", XIHU, "文三路90号"),
    (
        "邮编：610041 四川省成都市武侯区人民南路四段11号 陈静 028-85551234",
        "陈静", "028-85551234", WUHOU, "人民南路四段11号",
    ),
    (
        "陈静 （028）85551234 转 801 四川成都武侯区人民南路四段11号",
        "陈静", "028-85551234-801", WUHOU, "人民南路四段11号",
    ),
    ("中国北京市海淀区中关村大街27号 刘洋 13700001111", "刘洋", "13700001111", HAIDIAN, "中关村大街27号"),
    ("刘洋／１３７００００１１１１／北京市海淀区中关村大街２７号", "刘洋", "13700001111", HAIDIAN, "中关村大街27号"),
    ("刘洋 13700001111-5678 北京市海淀区中关村大街27号", "刘洋", "13700001111-5678", HAIDIAN, "中关村大街27号"),
    ("湖北省仙桃市龙华山街道仙桃大道1号 赵敏 13500001111", "赵敏", "13500001111", "429004", "龙华山街道仙桃大道1号"),
    ("广东省东莞市南城街道鸿福路200号 周杰 13500001111", "周杰", "13500001111", "441900", "南城街道鸿福路200号"),
    ("重庆市渝北区龙溪街道新牌坊1号 孙丽 13500001111", "孙丽", "13500001111", "500112", "龙溪街道新牌坊1号"),
    (
        "新疆维吾尔自治区乌鲁木齐市天山区解放南路1号 阿依古丽 13500001111",
        "阿依古丽", "13500001111", "650102", "解放南路1号",
    ),
    ("新疆乌鲁木齐天山区解放南路1号 阿依古丽 13500001111", "阿依古丽", "13500001111", "650102", "解放南路1号"),
    ("内蒙古呼和浩特市新城区中山东路1号 吴迪 13500001111", "吴迪", "13500001111", "150102", "中山东路1号"),
    ("广西南宁市青秀区民族大道1号 黄蓉 13500001111", "黄蓉", "13500001111", "450103", "民族大道1号"),
    ("浦东新区张江镇碧波路1号 郑爽 13500001111", "郑爽", "13500001111", "310115", "张江镇碧波路1号"),
    ("Tom.Lee 13500001111 上海市徐汇区漕溪北路18号", "Tom.Lee", "13500001111", XUHUI, "漕溪北路18号"),
    (
        "姓名：林木 电话：13500001111 地址：上海市 市辖区 徐汇区 漕溪北路18号",
        "林木", "13500001111", XUHUI, "漕溪北路18号",
    ),
    ("徐汇区漕溪北路18号 菜鸟驿站 林木收 13500001111", "林木", "13500001111", XUHUI, "漕溪北路18号菜鸟驿站"),
    ("上海市徐汇区漕溪北路18号", "", "", XUHUI, "漕溪北路18号"),
    ("13812345678", "", "13812345678", "", ""),
    ("张三", "张三", "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "phone", "region", "detail"), CASES)
def test_real_looking_texts(text: str, name: str, phone: str, region: str, detail: str) -> None:
    found = read(text)
    assert (found.name, found.phone, found.region_code, found.detail) == (name, phone, region, detail)


def test_a_province_alone_is_told() -> None:
    found = read("王强 18600001111 浙江省杭州市文三路90号")
    assert (found.province, found.city, found.region_code) == ("330000", "330100", "")
    assert found.detail == "文三路90号"


@given(st.text(max_size=600))
def test_no_text_breaks_it(text: str) -> None:
    found = read(text)
    assert isinstance(found, Pasted)
    assert not found.region_code or regions().known(found.region_code) is not None


async def test_it_is_read_over_json(client: TestClient[Any, Any]) -> None:
    _, mine = await log_in(client, phone=MINE)
    status, answer = await send(client, "/api/v1/addresses/readings", mine, {"text": CASES[0][0]})
    assert status == 200
    assert (answer["name"], answer["region_code"], answer["region"]) == ("张三", XUHUI, "上海市 徐汇区")
