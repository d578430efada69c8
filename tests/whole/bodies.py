"""What each route reads: bodies and forms, and which of them demand a key."""

from __future__ import annotations

from typing import Any

from server.http.routes import Route
from tests.whole.world import World

ATTEMPTS = "POST /api/v1/flash-sales/{item_id}/attempts"
NEEDS_A_KEY = {
    ATTEMPTS,
    "POST /api/v1/backoffice/products",
    "POST /api/v1/backoffice/batches",
    "POST /api/v1/backoffice/batches/{batch_id}/undo",
    "POST /api/v1/backoffice/shelf-changes",
    "POST /api/v1/backoffice/categories",
    "POST /api/v1/backoffice/categories/{category_id}/attributes",
    "POST /api/v1/backoffice/categories/{category_id}/merge",
    "POST /api/v1/backoffice/brands",
    "POST /api/v1/backoffice/brands/{brand_id}/merge",
    "POST /api/v1/orders/{order_no}/cancel",
    "POST /api/v1/orders/{order_no}/payments",
    "POST /api/v1/orders/{order_no}/receipt",
    "POST /api/v1/backoffice/orders/{order_no}/shipment",
    "POST /api/v1/backoffice/refunds/{refund_no}/retry",
    "POST /api/v1/backoffice/flash-sales",
    "POST /api/v1/backoffice/flash-sales/{item_id}/publish",
    "POST /api/v1/backoffice/flash-sales/{item_id}/pause",
    "POST /api/v1/backoffice/flash-sales/{item_id}/resume",
    "POST /api/v1/backoffice/flash-sales/{item_id}/end",
}
"""Every POST that creates or moves money, stock or state."""


def bodies(world: World) -> dict[str, Any]:
    """Return what makes each route do its work, so that nothing but the caller is wrong."""
    return {
        "PATCH /api/v1/addresses/{address_id}": {"name": "乙"},
        "POST /api/v1/orders/{order_no}/cancel": {"reason": "乙不要了"},
        "PATCH /api/v1/orders/{order_no}": {"address_id": str(world.address_id)},
        "POST /api/v1/orders/{order_no}/payments": {"method": "alipay"},
        **_shipping(),
        "POST /api/v1/backoffice/flash-sales": world.plan(),
        "PATCH /api/v1/backoffice/flash-sales/{item_id}": {"title": "乙店的"},
        "POST /api/v1/backoffice/products": {
            "shop_id": str(world.shop_id),
            "category_id": "1",
            "title": "乙",
            "skus": [{"code": "B-1", "price": 100}],
        },
        "PATCH /api/v1/backoffice/products/{product_id}": {"status": "off"},
        "POST /api/v1/backoffice/batches": {
            "product_ids": [str(world.product_id)],
            "edit": {"status": "off"},
        },
        "POST /api/v1/backoffice/shelf-changes": {
            "product_id": str(world.product_id),
            "status": "off",
            "at": world.plan()["ends_at"],
        },
        "POST /api/v1/backoffice/categories": {"name": "乙类"},
        "PATCH /api/v1/backoffice/categories/{category_id}": {"name": "乙类"},
        "POST /api/v1/backoffice/categories/{category_id}/place": {},
        "POST /api/v1/backoffice/categories/{category_id}/merge": {"into": str(world.category_id)},
        "POST /api/v1/backoffice/categories/{category_id}/attributes": {"name": "乙", "kind": "number"},
        "PATCH /api/v1/backoffice/categories/{category_id}/attributes/{attribute_id}": {"name": "乙"},
        "POST /api/v1/backoffice/brands": {"name": "乙牌"},
        "PATCH /api/v1/backoffice/brands/{brand_id}": {"name": "乙牌"},
        "POST /api/v1/backoffice/brands/{brand_id}/merge": {"into": "1"},
        "POST /api/v1/backoffice/staff": {"account": "walker", "name": "乙", "shop_id": str(world.shop_id)},
        "PATCH /api/v1/backoffice/staff/{staff_id}": {"name": "乙"},
        "PUT /api/v1/backoffice/staff/{staff_id}/roles": {"shop_id": str(world.shop_id), "roles": []},
        "POST /api/v1/backoffice/staff/{staff_id}/{deed}": {"reason": "乙"},
        "POST /api/v1/backoffice/roles": {
            "name": "乙",
            "shop_id": str(world.shop_id),
            "permissions": ["orders.view"],
        },
        "PATCH /api/v1/backoffice/roles/{role_id}": {"name": "乙"},
        "PATCH /api/v1/me": {"nickname": "乙"},
        "POST /api/v1/me/proof-codes": {"by": "phone"},
        "POST /api/v1/addresses/readings": {"text": "甲 13800000000"},
        "POST /api/v1/me/phone": {"phone": "13800001112", "code": "0", "proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/email": {"email": "x@example.cn", "code": "0", "proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/merges": {"offer": "none"},
        "POST /api/v1/me/pay-password": {"new": "135791", "proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/pay-password/checks": {"pay_password": "135791"},
        "POST /api/v1/me/departure": {"proof": {"by": "phone", "code": "0"}},
        "POST /api/v1/me/favourites": {"product_id": str(world.product_id)},
        "POST /api/v1/me/restock": {"sku_id": str(world.sku_id)},
        "PUT /api/v1/backoffice/delivery/{shop_id}": {"ships_from": "浙江杭州", "ships_within": 48},
        "POST /api/v1/me/favourites/remove": {"product_ids": [str(world.product_id)]},
        **_reviews(),
        "PUT /api/v1/me/footprints/recording": {"on": True},
        "POST /api/v1/me/password": {"old": "not hers", "new": "a new password"},
        "POST /api/v1/staff/me/otp": {"password": "not hers"},
        "POST /api/v1/staff/me/otp/confirm": {"otp": "000000"},
        "POST /api/v1/staff/me/otp/codes": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/otp/off": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/password": {"old": "not hers", "new": "a new password"},
        "POST /api/v1/addresses": {"name": "乙", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号"},
    }


def _shipping() -> dict[str, Any]:
    return {
        "POST /api/v1/backoffice/orders/{order_no}/shipment": {
            "carrier": "zto", "tracking_no": "zto-730000001", "address_version": "",
        },
        "PATCH /api/v1/backoffice/orders/{order_no}/shipment": {"carrier": "sf", "tracking_no": "SF730000001"},
    }  # fmt: skip


def _reviews() -> dict[str, Any]:
    return {
        "POST /api/v1/order-lines/{line_id}/review": {"rating": 5, "text": "好", "pictures": [], "anonymous": True},
        "POST /api/v1/me/reviews/{own_id}/follow-up": {"text": "还好", "pictures": []},
        "POST /api/v1/remarks/{remark_id}/report": {"reason": "other", "note": "不对"},
        "POST /api/v1/products/{product_id}/questions": {"text": "热吗", "anonymous": True},
        "POST /api/v1/questions/{question_id}/answers": {"text": "热", "anonymous": True},
        "POST /api/v1/backoffice/remarks/{remark_id}/reply": {"text": "谢谢"},
        "POST /api/v1/backoffice/remarks/queue/{queued_id}/decision": {"state": "shown", "reason": ""},
        "POST /api/v1/backoffice/watched-words": {"words": "坏"},
    }


def forms(world: World) -> dict[str, dict[str, str]]:
    """Return the same of forms."""
    sale = {
        "sku_id": str(world.sku_id), "title": "乙店的", "price": "9.90", "quantity": "10", "limit_per_member": "1",
        "starts_at": "2037-01-01T10:00", "ends_at": "2037-01-01T11:00", "pay_within_s": "600", "challenge": "none",
    }  # fmt: skip
    return {
        "POST /backoffice/flash-sales/new": sale,
        "POST /backoffice/flash-sales/{item_id}": sale,
        "POST /orders/{order_no}/cancel": {"reason": "乙不要了"},
        "POST /orders/{order_no}/address": {"address_id": str(world.address_id)},
        "POST /orders/{order_no}/pay": {"method": "alipay"},
        "POST /backoffice/orders/{order_no}/ship": {"carrier": "zto", "tracking_no": "zto-730000001"},
        "POST /backoffice/orders/{order_no}/shipment": {"carrier": "jd", "tracking_no": "JD730000001"},
        "POST /backoffice/search/synonyms": {"words": "乙，丙"},
        "POST /backoffice/search/picks": {"words": "乙，丙"},
        "POST /backoffice/search/hot": {"words": "乙", "hidden": "1"},
        "POST /me/order-lines/{line_id}/review": {"rating": "1", "text": "乙"},
        "POST /me/reviews/{own_id}/follow-up": {"text": "乙"},
        "POST /backoffice/reviews/queue/{queued_id}": {"state": "hidden", "reason": "乙"},
        "POST /backoffice/reviews/replies/{remark_id}": {"text": "乙"},
        "POST /backoffice/reviews/words": {"words": "乙"},
        "POST /backoffice/members/{member_id}/ban": {"reason": "乙"},
        "POST /backoffice/members/{member_id}/unban": {"reason": "乙"},
        "POST /backoffice/products/{product_id}/status": {"status": "off"},
        "POST /backoffice/products/{product_id}/schedule": {"status": "off", "at": "2037-01-01T10:00"},
        "POST /backoffice/staff/new": {"account": "walker", "name": "乙", "shop_id": str(world.shop_id)},
        "POST /backoffice/staff/{staff_id}/roles": {"shop_id": str(world.shop_id), "roles": world.clerk_role},
        "POST /backoffice/staff/{staff_id}/name": {"name": "乙"},
        "POST /backoffice/staff/{staff_id}/{deed}": {"reason": "乙"},
        "POST /backoffice/roles/new": {"name": "乙", "shop_id": str(world.shop_id), "permissions": "orders.view"},
        "POST /backoffice/roles/{role_id}": {"name": "乙", "permissions": "orders.view"},
        "POST /backoffice/batches": {"ids": str(world.product_id)},
        "POST /backoffice/batches/{batch_id}": {"status": "off"},
        "POST /me/addresses/{address_id}": {
            "name": "乙", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号",
        },
    }  # fmt: skip


def body_of(world: World, route: Route) -> dict[str, Any]:
    """Return what each route reads; where it would move money or stock, the state of things forbids it."""
    later = {"title": "坏", "price": 990, "quantity": 1, "limit_per_member": 1, "pay_within_s": 60, "challenge": "none"}
    window = {name: world.plan()[name] for name in ("starts_at", "ends_at")}
    address = {"name": "甲", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号", "is_default": False}
    found: dict[str, dict[str, Any]] = {
        "POST /api/v1/auth/codes": {"phone": "13800001111"},
        "POST /api/v1/auth/sessions": {"phone": "13800001111", "code": "000000"},
        "PATCH /api/v1/me": {"nickname": "甲的昵称"},
        "POST /api/v1/me/proof-codes": {"by": "phone"},
        "POST /api/v1/addresses/readings": {"text": "甲 13800000000 上海市徐汇区路 1 号"},
        "POST /api/v1/me/phone": {
            "phone": "13800001112", "code": "000000", "proof": {"by": "password", "password": "not hers", "code": ""},
        },
        "POST /api/v1/me/email": {
            "email": "x@example.cn", "code": "000000", "proof": {"by": "password", "password": "not hers", "code": ""},
        },
        "POST /api/v1/me/merges": {"offer": "none"},
        "POST /api/v1/me/pay-password": {
            "new": "135791", "proof": {"by": "password", "password": "not hers", "code": ""},
        },
        "POST /api/v1/me/pay-password/checks": {"pay_password": "135791"},
        "POST /api/v1/me/departure": {"proof": {"by": "password", "password": "not hers", "code": ""}},
        # Too weak to be taken, and the present one is another: nobody's session ends.
        "POST /api/v1/me/password": {"old": "not hers", "new": "weak"},
        "POST /api/v1/staff/me/otp": {"password": "not hers"},
        "POST /api/v1/staff/me/otp/confirm": {"otp": "000000"},
        "POST /api/v1/staff/me/otp/codes": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/otp/off": {"password": "not hers", "otp": "000000"},
        "POST /api/v1/staff/me/password": {"old": "not hers", "new": "weak"},
        "POST /api/v1/addresses": address,
        "PATCH /api/v1/addresses/{address_id}": address,
        "POST /api/v1/staff/sessions": {"account": "nobody", "password": "nothing", "otp": "000000"},
        # No such role, no such permission: nothing is added or changed.
        "POST /api/v1/backoffice/staff": {
            "account": "walker", "name": "坏", "shop_id": str(world.shop_id), "roles": ["no-such"],
        },
        "PATCH /api/v1/backoffice/staff/{staff_id}": {"name": "坏"},
        "PUT /api/v1/backoffice/staff/{staff_id}/roles": {"shop_id": str(world.shop_id), "roles": ["no-such"]},
        "POST /api/v1/backoffice/staff/{staff_id}/{deed}": {"reason": "坏"},
        "POST /api/v1/backoffice/roles": {
            "name": "坏", "note": "坏", "shop_id": str(world.shop_id), "level": "any", "permissions": ["no.such"],
        },
        "PATCH /api/v1/backoffice/roles/{role_id}": {
            "name": "坏", "note": "坏", "level": "any", "permissions": ["no.such"],
        },
        # No such brand: nothing is added.
        "POST /api/v1/backoffice/products": {
            "shop_id": str(world.shop_id), "category_id": "1", "brand_id": "99999999", "title": "坏", "subtitle": "坏",
            "slug": "bad", "description": "坏", "tags": [], "parameters": [["坏", "坏"]], "attributes": {},
            "pictures": ["/media/u/x.webp"], "alts": {}, "spec_names": ["色"], "status": "off",
            "skus": [{"code": "BAD-1", "specs": {"色": "坏"}, "price": 100}],
        },
        # No such parent, slug, sister, target, attribute or brand: nothing is added or changed.
        "POST /api/v1/backoffice/categories": {"name": "坏", "parent_id": "99999999", "icon": "box"},
        "PATCH /api/v1/backoffice/categories/{category_id}": {
            "name": "坏", "slug": "bad", "icon": "box", "parent_id": "99999999",
        },
        "POST /api/v1/backoffice/categories/{category_id}/place": {"before": "99999999"},
        "POST /api/v1/backoffice/categories/{category_id}/merge": {"into": "99999999"},
        "POST /api/v1/backoffice/categories/{category_id}/attributes": {
            "name": "坏", "kind": "choice", "unit": "g", "filterable": True, "values": [],
        },
        "PATCH /api/v1/backoffice/categories/{category_id}/attributes/{attribute_id}": {
            "name": "坏", "unit": "g", "filterable": True, "values": ["坏"],
        },
        "POST /api/v1/backoffice/brands": {"name": "坏", "slug": "-bad"},
        "PATCH /api/v1/backoffice/brands/{brand_id}": {"name": "坏", "slug": "-bad"},
        "POST /api/v1/backoffice/brands/{brand_id}/merge": {"into": "99999999"},
        # No such product: nothing is changed.
        "POST /api/v1/backoffice/batches": {"product_ids": ["99999999"], "edit": {"status": "on"}},
        "POST /api/v1/backoffice/shelf-changes": {
            "product_id": "99999999", "status": "on", "at": world.plan()["ends_at"],
        },
        "PATCH /api/v1/backoffice/products/{product_id}": {
            "status": "on", "subtitle": "坏", "description": "坏", "tags": ["坏"], "parameters": [["坏", "坏"]],
            "attributes": {}, "pictures": [], "alts": {},
        },
        "POST /api/v1/orders/{order_no}/cancel": {"reason": "不要了"},
        "PATCH /api/v1/orders/{order_no}": {"address_id": str(world.address_id)},
        "POST /api/v1/orders/{order_no}/payments": {"method": "alipay"},
        **_shipping(),
        "POST /api/v1/me/favourites": {"product_id": str(world.product_id)},
        "POST /api/v1/me/restock": {"sku_id": str(world.sku_id)},
        "PUT /api/v1/backoffice/delivery/{shop_id}": {"ships_from": "浙江杭州", "ships_within": 48},
        "POST /api/v1/me/favourites/remove": {"product_ids": ["1"]},
        **_reviews(),
        "POST /api/v1/behaviour/events": {
            "clicks": [{"product_id": str(world.product_id), "source": "home", "position": 1, "shown_as": "guess"}],
            "shown": [{"shown_as": "guess", "product_ids": [str(world.product_id)]}],
        },
        "PUT /api/v1/privacy": {"recording": "all"},
        "POST /api/v1/recommendations/dismissals": {"product_id": str(world.product_id)},
        "PUT /api/v1/me/footprints/recording": {"on": True},
        "POST /api/v1/me/messages/read": {"category": "order"},
        "POST /api/v1/me/messages/delete": {"message_ids": ["1"]},
        "PUT /api/v1/me/messages/preferences": {
            "channels": {"promotion": {"in_app": True, "sms": False, "email": False}}, "muted": [],
            "quiet": {"on": True, "start": "22:00", "end": "08:00"}, "language": "zh-CN",
        },
        "POST /sandbox/alipay/pay": {
            "payment_no": "1", "outcome": "failed", "amount": 1, "delay_s": 0, "times": 1,
        },
        "POST /sandbox/alipay/refusals": {"payment_no": "1", "reason": "ACQ.TRADE_NOT_ALLOW_REFUND", "times": 1},
        ATTEMPTS: {"ticket": "x" * 116, "quantity": 1, "answer": "1"},
        "POST /api/v1/backoffice/flash-sales": {"sku_id": str(world.sku_id), **later, **window},
        "PATCH /api/v1/backoffice/flash-sales/{item_id}": {**later, **window},
    }  # fmt: skip
    return found[route.name]
