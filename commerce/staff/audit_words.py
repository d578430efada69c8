"""The audit log in people's words: what was done, to what, and which fields went from what to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from commerce.staff.audit_store import Kept
from server.clock import shanghai
from server.http import Identity
from server.i18n import Translator
from server.money import amount


class Thing(msgspec.Struct, frozen=True):
    """A kind of thing: its name, the page that shows one of them by its id, and the permission for that page."""

    words: str
    path: str
    permission: str


KINDS: dict[str, str] = {
    "log_in": "登录",
    "log_in_refused": "登录失败",
    "log_out": "退出登录",
    "password_changed": "修改了自己的密码",
    "password_refused": "改密码时填错了旧密码",
    "otp_on": "开启二次验证",
    "otp_off": "关闭二次验证",
    "recovery_codes": "换了恢复码",
    "staff_added": "添加员工",
    "staff_renamed": "改员工姓名",
    "staff_roles_changed": "改员工角色",
    "staff_disabled": "停用员工",
    "staff_enabled": "恢复员工",
    "staff_signed_out": "让员工退出登录",
    "staff_password_reset": "重置员工密码",
    "staff_otp_reset": "重置员工二次验证",
    "role_added": "新建角色",
    "role_changed": "修改角色",
    "role_removed": "删除角色",
    "role_needs_otp": "改角色的二次验证要求",
    "product_created": "新建商品",
    "product_changed": "修改商品",
    "batch_begun": "开始批量修改",
    "delivery_changed": "改发货承诺",
    "shelf_change_set": "设定定时上下架",
    "shelf_change_cancelled": "取消定时上下架",
    "category_added": "新建分类",
    "category_changed": "修改分类",
    "category_moved": "移动分类",
    "category_merged": "合并分类",
    "category_removed": "删除分类",
    "brand_added": "新建品牌",
    "brand_changed": "修改品牌",
    "brand_merged": "合并品牌",
    "brand_removed": "删除品牌",
    "attribute_saved": "保存属性",
    "attribute_moved": "移动属性",
    "attribute_removed": "删除属性",
    "message_sent": "发送消息",
    "remark_decided": "审核评价与问答",
    "remark_replied": "替店铺回复",
    "words_watched": "加敏感词",
    "word_unwatched": "去掉敏感词",
    "member_banned": "停用会员",
    "member_unbanned": "恢复会员",
    "refund_retried": "重试退款",
    "order_shipped": "订单发货",
    "shipment_corrected": "更正运单",
    "sale_drafted": "拟定秒杀",
    "sale_changed": "修改秒杀",
    "sale_moved": "改变秒杀状态",
    "synonyms_added": "添加同义词",
    "synonyms_removed": "删除同义词",
    "hot_words_changed": "改热搜词",
}
"""What each kind of record is called (zh_CN msgids); a kind that is not here is shown as it is."""

OBJECTS: dict[str, Thing] = {
    "staff": Thing("员工", "/backoffice/staff/{}", "staff.manage"),
    "role": Thing("角色", "/backoffice/roles/{}", "staff.manage"),
    "product": Thing("商品", "/backoffice/products/{}", "products.view"),
    "batch": Thing("批量修改", "/backoffice/batches/{}", "products.view"),
    "category": Thing("分类", "/backoffice/categories", "catalogue.manage"),
    "brand": Thing("品牌", "/backoffice/brands", "catalogue.manage"),
    "attribute": Thing("属性", "/backoffice/categories", "catalogue.manage"),
    "delivery": Thing("发货承诺", "/backoffice/delivery", "products.view"),
    "member": Thing("会员", "/backoffice/members/{}", "members.view"),
    "refund": Thing("退款", "/backoffice/refunds", "payments.view"),
    "order": Thing("订单", "/backoffice/orders/{}", "orders.view"),
    "sale": Thing("秒杀", "/backoffice/flash-sales/{}", "flashsale.view"),
    "message": Thing("消息", "/backoffice/messages", "messages.send"),
    "synonyms": Thing("同义词", "/backoffice/search", "catalogue.manage"),
    "words": Thing("热搜词", "/backoffice/search", "catalogue.manage"),
    "remark": Thing("评价与问答", "/backoffice/reviews", "reviews.moderate"),
    "watched_words": Thing("敏感词", "/backoffice/reviews/words", "reviews.moderate"),
}
"""What each kind of thing is called (zh_CN msgids), where it is seen and what that takes."""

FIELDS: dict[str, str] = {
    "name": "名称",
    "note": "说明",
    "title": "标题",
    "text": "内容",
    "state": "状态",
    "subtitle": "副标题",
    "account": "账号",
    "roles": "角色",
    "permissions": "权限",
    "level": "可以用在",
    "shop_id": "店铺",
    "disabled": "停用",
    "second_factor": "二次验证",
    "needs_otp": "必须二次验证",
    "status": "状态",
    "price": "价格",
    "quantity": "数量",
    "slug": "地址",
    "place": "第几位",
    "parent_id": "上级",
    "hidden": "隐藏",
    "words": "词",
    "sku_id": "SKU 编号",
    "list_price": "划线价",
    "starts_at": "开始",
    "ends_at": "结束",
    "pay_within_s": "付款时限（秒）",
    "limit_per_member": "每人限购",
    "challenge": "人机验证",
    "listed": "公开展示",
    "ships_from": "发货地",
    "ships_within": "多少小时内发货",
    "at": "时间",
    "unit": "单位",
    "values": "取值",
    "filterable": "买家能按它筛选",
    "icon": "图标",
    "link": "链接",
    "member_id": "会员编号",
    "created": "新建",
    "category_id": "分类",
    "brand_id": "品牌",
    "tags": "标签",
    "description": "正文",
    "parameters": "参数",
    "attributes": "属性",
    "pictures": "图片",
    "alts": "图片说明",
    "video": "视频",
    "spec_names": "规格名",
    "scheduled": "定时",
    "sku_created": "新规格",
    "code": "货号",
    "specs": "规格",
    "on_hand": "在库",
    "picture": "图",
    "carrier": "快递公司",
    "tracking_no": "运单号",
    "amount": "金额",
    "why": "原因",
    "attempt": "第几次",
    "sessions_ended": "退出的设备",
    "ref": "来源",
    "batch_id": "批量修改编号",
    "change_id": "定时编号",
    "kind": "种类",
    "products": "商品数",
    "edit": "改动",
}
"""What each field is called (zh_CN msgids). That of a SKU stands in records behind its code and a space."""

_STATES = {
    "on": "在售",
    "off": "已下架",
    "active": "正常",
    "banned": "已停用",
    "pending_shipment": "待发货",
    "pending_receipt": "待收货",
    "failed": "退款失败",
    "pending": "退款中",
    "draft": "草稿",
    "published": "已发布",
    "paused": "已暂停",
    "ended": "已结束",
    "waiting": "待审核",
    "shown": "展示",
    "hidden": "隐藏",
}
VALUES: dict[str, dict[str, str]] = {
    "why": {"password": "密码不对", "otp": "二次验证不对"},
    "status": _STATES,
    "state": _STATES,
    "challenge": {"none": "不验证", "pow": "自动算题", "captcha": "图片验证码"},
    "level": {"any": "平台和店铺", "platform": "仅平台", "shop": "仅店铺"},
    "kind": {"edit": "批量编辑", "import": "导入", "undo": "撤销"},
}
"""What the values of fields are called (zh_CN msgids), where they are names of ours."""

_STRANGERS = frozenset({"log_in_refused"})
"""What was done to an account by somebody who was not let in: whoever that was, it need not be its owner."""
_MONEY = frozenset({"price", "list_price", "amount"})
"""Fields whose whole numbers are fen."""
_FILE = re.compile(r"/(?:media|static)/(?:[^/\s]+/)*([^/\s.]+)\.(mp4|webm|webp|png|jpe?g|svg)")
_VIDEOS = ("mp4", "webm")
_NAME_MOST = 20
"""Letters of a file's name; of longer ones, which are digests, the first eight tell one from another."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Difference(msgspec.Struct, frozen=True):
    """A field, from what to what; None where there was nothing, or is nothing any more."""

    field: str
    before: str | None
    after: str | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A record for people. ``shop`` is empty for what is the platform's; ``href`` where the thing is seen."""

    id: int
    at: datetime
    who: str
    account: str
    staff_id: int | None
    kind: str
    words: str
    object_kind: str
    object_words: str
    object_id: str
    object_name: str
    href: str
    shop: str
    reason: str
    differences: list[Difference]
    detail: str
    address: str
    agent: str
    request_id: str


def told(entry: Kept, tr: Translator, shops: Mapping[int, str], reader: Identity) -> Told:
    """Return a record in people's words, with a link where its ``reader`` may follow it."""
    thing = OBJECTS.get(entry.object_kind, Thing(entry.object_kind, "", ""))
    follows = reader.may(thing.permission, entry.shop_id)
    stranger = entry.kind in _STRANGERS
    return Told(
        id=entry.id,
        at=entry.at,
        who=tr("有人") if stranger else entry.staff_name or tr("系统"),
        account=entry.account,
        staff_id=entry.staff_id,
        kind=entry.kind,
        words=tr(KINDS[entry.kind]) if entry.kind in KINDS else entry.kind,
        object_kind=entry.object_kind,
        object_words=tr(thing.words) if thing.words else "",
        object_id=entry.object_id,
        object_name=entry.object_name,
        href=thing.path.format(entry.object_id) if follows else "",
        shop="" if entry.shop_id is None else shops.get(entry.shop_id, str(entry.shop_id)),
        reason=entry.reason,
        differences=_differences(entry.before, entry.after, tr),
        detail=_line(entry.detail, tr) if entry.detail else "",
        address=entry.address,
        agent=entry.agent,
        request_id=entry.request_id,
    )


def _differences(before: Any, after: Any, tr: Translator) -> list[Difference]:
    if before is None and after is None:
        return []
    old = before if isinstance(before, dict) else {"": before}
    new = after if isinstance(after, dict) else {"": after}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [
        Difference(
            _field(name, tr),
            _line(old[name], tr, _what(name)) if old.get(name) is not None else None,
            _line(new[name], tr, _what(name)) if new.get(name) is not None else None,
        )
        for name in names
    ]


def _what(name: str) -> str:
    """Return the field of a name that may have the code of a SKU before it."""
    return name.rpartition(" ")[2]


def _field(name: str, tr: Translator) -> str:
    thing, _, what = name.rpartition(" ")
    return f"{thing} {tr(FIELDS.get(what, what))}".strip()


def _line(value: Any, tr: Translator, name: str = "") -> str:
    match value:
        case bool():
            return tr("是") if value else tr("否")
        case int() if name in _MONEY:
            return f"¥{amount(value)}"
        case str() if _MOMENT.fullmatch(value):
            return shanghai(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M:%S")
        case "":
            return "—"
        case str() if found := _FILE.fullmatch(value):
            what, short = ("视频" if found[2] in _VIDEOS else "图"), found[1]
            return f"{tr(what)} {short if len(short) <= _NAME_MOST else short[:8]}.{found[2]}"
        case str():
            known = VALUES.get(name, {}).get(value)
            return tr(known) if known else value
        case list():
            return tr("、").join(_line(one, tr, name) for one in value) or "—"
        case dict():
            pairs = (
                f"{tr(FIELDS[key]) if key in FIELDS else _line(key, tr)}{tr('：')}{_line(one, tr, key)}"
                for key, one in value.items()
                if one is not None
            )
            return tr("；").join(pairs) or "—"
        case None:
            return "—"
        case _:
            return str(value)
