"""A member's addresses: twenty at most, one of them the default as long as there is any.

Each change locks the member's row first, so that two at once leave one default.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from commerce.members import address_store as store
from commerce.members.errors import TooManyAddresses
from commerce.members.regions import regions
from commerce.members.targets import MOBILE
from commerce.members.types import Address, AddressBody, AddressPatch
from server.database import Connection
from server.errors import Invalid, NotFound

MOST = 20


def _words(field: str, text: str) -> str:
    if not (kept := text.strip()):
        raise Invalid(field, "必填")
    return kept


def _phone(text: str) -> str:
    kept = text.strip()
    digits = "".join(sign for sign in kept if sign.isdigit())
    if len(digits) < 5:
        raise Invalid("phone", "请填写能联系到收货人的电话")
    # A landline has its area's 0 in front and perhaps an extension, a service's number is short: the rest are mobiles.
    own = digits.removeprefix("00").removeprefix("86") if kept.startswith(("+86", "0086")) else digits
    if own.startswith("1") and len(own) > 8 and not MOBILE.fullmatch(own):
        raise Invalid("phone", "手机号是 11 位数字，请再核对一下")
    return kept


def hold_field(patch: AddressPatch) -> None:
    """Raise Invalid for the field of ``patch`` that is wrong; the schema has been held already."""
    if patch.name is not UNSET:
        _words("name", patch.name)
    if patch.phone is not UNSET:
        _phone(patch.phone)
    if patch.detail is not UNSET:
        _words("detail", patch.detail)
    if patch.region_code is not UNSET:
        regions().of(patch.region_code)


async def _hold_room(connection: Connection, member_id: int) -> int:
    await store.hold_member(connection, member_id)
    held = await store.count(connection, member_id)
    if held >= MOST:
        raise TooManyAddresses(most=MOST)
    return held


async def add_address(connection: Connection, member_id: int, body: AddressBody) -> Address:
    """Add an address; the first one becomes the default. Locks the member. Raises Invalid, TooManyAddresses."""
    region = regions().of(body.region_code)
    name, phone, detail = _words("name", body.name), _phone(body.phone), _words("detail", body.detail)
    first = await _hold_room(connection, member_id) == 0
    if body.is_default and not first:
        await store.clear_default(connection, member_id)
    return await store.add(
        connection,
        member_id,
        name=name,
        phone=phone,
        region_code=region.code,
        region=region.text,
        detail=detail,
        is_default=body.is_default or first,
    )


async def change_address(connection: Connection, member_id: int, address_id: int, patch: AddressPatch) -> Address:
    """Change what ``patch`` holds. Locks the member. Raises NotFound, Invalid.

    The default is moved by making another address the default, not by unmaking it: ``is_default`` false leaves it.
    """
    await store.hold_member(connection, member_id)
    address = await store.find(connection, member_id, address_id)
    if address is None:
        raise NotFound
    if patch.name is not UNSET:
        address = msgspec.structs.replace(address, name=_words("name", patch.name))
    if patch.phone is not UNSET:
        address = msgspec.structs.replace(address, phone=_phone(patch.phone))
    if patch.detail is not UNSET:
        address = msgspec.structs.replace(address, detail=_words("detail", patch.detail))
    if patch.region_code is not UNSET:
        region = regions().of(patch.region_code)
        address = msgspec.structs.replace(address, region_code=region.code, region=region.text)
    if patch.is_default is True and not address.is_default:
        await store.clear_default(connection, member_id)
        address = msgspec.structs.replace(address, is_default=True)
    await store.save(connection, address)
    return address


async def remove_address(connection: Connection, member_id: int, address_id: int) -> None:
    """Remove an address; if it was the default, the newest other one takes over. Locks the member. Raises NotFound."""
    await store.hold_member(connection, member_id)
    address = await store.find(connection, member_id, address_id)
    if address is None or not await store.remove(connection, member_id, address_id):
        raise NotFound
    if address.is_default:
        await store.promote_newest(connection, member_id)


async def restore_address(connection: Connection, member_id: int, address_id: int) -> Address:
    """Bring a removed address back as it was, also as the default. Locks the member.

    Raises NotFound, TooManyAddresses.
    """
    held = await _hold_room(connection, member_id)
    address = await store.find(connection, member_id, address_id, deleted=True)
    if address is None:
        raise NotFound
    if address.is_default or held == 0:
        await store.clear_default(connection, member_id)
        address = msgspec.structs.replace(address, is_default=True)
    await store.restore(connection, member_id, address_id)
    await store.save(connection, address)
    return address
