"""The accounts, named in one place so that nobody posts to a misspelt one."""

from __future__ import annotations

from collections.abc import Mapping

from server.i18n import Translator

_METHODS = {"alipay": "支付宝"}
UNALLOCATED = "payments:unallocated"
"""Money that no order wanted: late, twice, or another sum. Owed back, or to the shop if it wins its units again."""

REFUNDS = "refunds:clearing"
"""Refunds that were decided and that the gateway has not confirmed yet."""


def gateway(method: str) -> str:
    """Return the account of the money that a gateway holds for the platform."""
    return f"gateway:{method}"


def payable(shop_id: int) -> str:
    """Return the account of what is owed to a shop."""
    return f"shop:{shop_id}:payable"


def owed(account: str) -> bool:
    """Tell whether an account says what is owed: it grows by what is credited, and people read that as a plus."""
    return account in (UNALLOCATED, REFUNDS) or (account.startswith("shop:") and account.endswith(":payable"))


def named(account: str, shops: Mapping[int, str], tr: Translator) -> str:
    """Return what people call an account, with shops' names by id; the account itself for one that has no name."""
    if account == UNALLOCATED:
        return tr("待认领的付款")
    if account == REFUNDS:
        return tr("在途退款")
    kind, _, rest = account.partition(":")
    if kind == "gateway":
        return tr("{method}待结算").format(method=tr(_METHODS.get(rest, rest)))
    shop, _, what = rest.partition(":")
    if kind == "shop" and what == "payable" and shop.isdecimal():
        return tr("{shop}应付").format(shop=shops.get(int(shop)) or tr("店铺 {n}").format(n=shop))
    return account
