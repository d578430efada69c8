"""Demo staff: one account that may do everything, and one for each role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from commerce.credentials import check_password, hash_password, new_password
from commerce.staff import store
from server.database import Connection


class DemoStaff(msgspec.Struct, frozen=True, kw_only=True):
    """An account as demo.json lists it."""

    account: str
    password: str
    roles: list[str]


_PLATFORM = (
    ("admin", "凌峰管理员", "owner"),
    ("service", "客服小晴", "service"),
    ("warehouse", "仓库老周", "warehouse"),
    ("finance", "财务阿敏", "finance"),
    ("host", "主播林夏", "host"),
    ("operator", "平台运营小楠", "platform_operator"),
    ("auditor", "审计老方", "auditor"),
)


async def create_staff(
    connection: Connection, known: Mapping[str, str], shops: Sequence[tuple[int, str]] = ()
) -> list[DemoStaff]:
    """Make the demo staff and return them with their passwords, the one who may do everything first.

    ``shops`` are (id, name), each gets a manager ``shop1``, ``shop2``, … limited to it; the first one a clerk too, who
    helps out in the second as a host. ``known`` are the passwords of
    an earlier run (account → password, from demo.json): they stay; everybody else gets a new random one.
    """
    people: list[tuple[str, str, str, int | None]] = [(account, name, role, None) for account, name, role in _PLATFORM]
    people += [(f"shop{at}", f"{shop}店长", "shop_manager", shop_id) for at, (shop_id, shop) in enumerate(shops, 1)]
    people += [("clerk", f"{shop}客服小满", "service", shop_id) for shop_id, shop in shops[:1]]
    made = []
    for account, name, role, shop_id in people:
        password = known.get(account) or new_password()
        kept = await store.password_of(connection, account)
        if kept is None or not await check_password(kept, password):
            kept = await hash_password(password)
        staff_id = await store.hire(connection, account, name, kept, shop_id)
        await store.give_roles(connection, staff_id, [role])
        if account == "clerk" and len(shops) > 1:
            await store.lend_role(connection, staff_id, "host", shops[1][0])
        made.append(DemoStaff(account=account, password=password, roles=[role]))
    return made
