"""The audit log in people's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from commerce.orders.words import CARRIERS
from commerce.staff.audit_store import Kept
from commerce.staff.audit_told import told
from commerce.staff.audit_words import FIELDS, KINDS, OBJECTS, VALUES
from server.application import Application
from server.http import Identity, Kind
from tests.commerce.orders.market import Market

READER = Identity(kind=Kind.STAFF, id=1, name="", permissions=frozenset({"audit.view", "products.view"}))


def record(**parts: Any) -> Kept:
    """Return a record of the log with these parts."""
    fields = {field.name for field in msgspec.structs.fields(Kept)}
    plain: dict[str, Any] = dict.fromkeys(fields, "") | {
        "id": 1,
        "at": datetime(2026, 11, 22, tzinfo=UTC),
        "staff_id": 7,
        "staff_name": "凌峰管理员",
        "account": "admin",
        "shop_id": None,
        "before": None,
        "after": None,
        "detail": None,
    }
    return Kept(**(plain | parts))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"state": "draft"}, {"state": "published"}, ("状态", "草稿", "已发布")),
        ({"status": "off"}, {"status": "on"}, ("状态", "已下架", "在售")),
        ({"status": "paused"}, {"status": "ended"}, ("状态", "已暂停", "已结束")),
        ({"title": "on"}, {"title": "draft"}, ("标题", "on", "draft")),
        ({"price": 224700}, {"price": 199900}, ("价格", "¥2,247.00", "¥1,999.00")),
        ({"video": "/media/v/3f/" + "3f2a91c0" * 8 + ".mp4"}, {"video": ""}, ("视频", "视频 3f2a91c0.mp4", "—")),
        ({"pictures": []}, {"pictures": ["/media/p/0b.webp"]}, ("图片", "—", "图 0b.webp")),
        ({"carrier": "sf"}, {"carrier": "zto"}, ("快递公司", "顺丰 SF", "中通 ZTO")),
        ({}, {"shop_id": 1}, ("店铺", None, "山行")),
        ({"state": "shown", "reports": 2}, {"state": "shown", "reports": 0}, ("举报", "2", "0")),
        ({"alts": {}}, {"alts": {"/media/p/0b.webp": "瓶"}}, ("图片说明", "—", "图 0b.webp：瓶")),
    ],
)
async def test_what_values_mean_is_said(
    app: Application, before: Any, after: Any, said: tuple[str, str | None, str]
) -> None:
    entry = record(kind="sale_moved", object_kind="sale", object_id="5", before=before, after=after)
    [one] = told(entry, app.translations.source, {1: "山行"}, READER).differences
    assert (one.field, one.before, one.after) == said


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"price": {"how": "percent", "value": 500, "round": "ninety"}}, "价格：改为原来的 5%，尾数 .90"),
        ({"price": {"how": "add", "value": -1000, "round": "fen"}, "picture": ""}, "价格：减 ¥10.00"),
        ({"list_price": {"how": "remove", "value": 0, "round": "fen"}, "tags_add": []}, "划线价：去掉"),
        ({"stock": {"how": "set", "value": 1200}, "tags_remove": ["新"]}, "库存：改为 1,200；去标签：新"),
        (
            {"text": {"find": "甲", "replace": "乙", "where": ["title", "subtitle"]}},
            "内容：查找：甲；替换为：乙；在：标题、副标题",
        ),
    ],
)
async def test_what_a_batch_does_is_said(app: Application, edit: dict[str, Any], said: str) -> None:
    entry = record(kind="batch_begun", object_kind="batch", object_id="5", detail={"products": 2, "edit": edit})
    assert told(entry, app.translations.source, {}, READER).detail == f"商品数：2；改动：{said}"


def test_carriers_are_called_as_orders_call_them() -> None:
    assert VALUES["carrier"] == {str(carrier): name for carrier, name in CARRIERS.items()}


async def test_whoever_is_not_let_in_is_not_called_by_the_accounts_name(app: Application) -> None:
    entry = record(kind="log_in_refused", object_kind="staff", object_id="7", detail={"why": "password"})
    one = told(entry, app.translations.source, {}, READER)
    assert (one.who, one.detail) == ("有人", "原因：密码不对")
    assert told(entry, app.translations.english, {}, READER).detail == "Reason: wrong password"
    assert told(record(kind="log_in"), app.translations.source, {}, READER).who == "凌峰管理员"


async def test_links_lead_where_the_reader_may_go(app: Application) -> None:
    seen = {
        kind: told(record(object_kind=kind, object_id="5"), app.translations.source, {}, READER).href
        for kind in ("product", "staff", "member")
    }
    assert seen == {"product": "/backoffice/products/5", "staff": "", "member": ""}


async def test_every_word_of_the_log_has_its_english(app: Application) -> None:
    words = {*KINDS.values(), *FIELDS.values(), *(thing.words for thing in OBJECTS.values())}
    words |= {text for known in VALUES.values() for text in known.values()}
    assert not {word for word in words if re.search("[\u4e00-\u9fff]", app.translations.english(word))}


async def test_a_record_shows_its_changes_and_folds_none_but_the_rest_of_many(market: Market) -> None:
    for number in (4, 10):
        await market.run(
            "INSERT INTO staff_audit (kind, object_kind, object_id, before, after)"
            " SELECT 'sale_drafted', 'sale', $1, '{}', jsonb_object_agg('f' || n, n) FROM generate_series(1, $2) AS n",
            str(number),
            number,
        )
    staff = await market.staff(["audit.view"])
    few = await (await market.call("GET", "/backoffice/audit?object=sale&id=4", staff)).text()
    assert few.count("<dt>f") == 4
    assert "<summary" not in few[few.index('class="records"') :]
    many = await (await market.call("GET", "/backoffice/audit?object=sale&id=10", staff)).text()
    assert many.count("<dt>f") == 10
    assert "再看 6 项" in many
