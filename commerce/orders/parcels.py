"""What people write of a parcel and where it goes, read."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

import msgspec

from commerce.members.targets import masked
from commerce.orders.types import Carrier, Order, Parcel
from commerce.staff import Permission
from server.errors import Invalid
from server.http import Identity

_NUMBER = re.compile(r"(?=.*[0-9])[0-9A-Za-z-]{6,32}")


def read(carrier: str, number: str) -> Parcel:
    """Return a parcel. Raises Invalid with the field at fault.

    Numbers are copied from labels and chats: spaces go, full-width characters become plain ones, letters capitals.
    """
    if carrier not in set(Carrier):
        raise Invalid("carrier", "请选择快递公司")
    plain = "".join(unicodedata.normalize("NFKC", number).split())
    if not _NUMBER.fullmatch(plain):
        raise Invalid("tracking_no", "运单号是 6 到 32 位字母、数字或连字符")
    return Parcel(Carrier(carrier), plain.upper())


def address_for(order: Order, staff: Identity) -> dict[str, Any]:
    """Return where an order goes: whole for who may send it, else as much as tells receivers apart.

    Its ``name`` is empty while there is no address.
    """
    whole = order.address
    if not whole["name"] or staff.may(Permission.ORDERS_MANAGE, order.shop_id):
        return whole
    return {**whole, "name": receiver(order), "phone": masked(whole.get("phone", "")), "detail": "***"}


def receiver(order: Order) -> str:
    """Return who receives an order as a list shows it, to tell them apart: the name's first sign."""
    name: str = order.address.get("name", "")
    return f"{name[:1]}**" if name else ""


def address_version(address: dict[str, Any]) -> str:
    """Return a short text that differs when the address does: who ships shows with it which one they read."""
    return hashlib.sha256(msgspec.json.encode(address, order="sorted")).hexdigest()[:16]
