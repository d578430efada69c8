"""Names that only the platform and its shops may go by: a nickname must not pass for either of them."""

from __future__ import annotations

import re
import unicodedata

from commerce.members.errors import NameReserved
from commerce.staff.shops import Shops
from server.application import Application
from server.database import Connection

_OURS = re.compile(r"凌峰用户\d{4}")
"""What a new account is called: its owner may keep it, and take it back."""
_HELD = (
    *("凌峰", "lingfeng", "官方", "客服", "管理员", "店主", "店长", "店小二", "站长", "版主"),
    *("售后服务", "工作人员", "系统通知", "系统消息", "系统管理"),
)
"""Refused wherever they stand in a name, whatever stands between their signs."""
_WORDS = {
    *("admin", "admins", "administrator", "superadmin", "sysadmin", "webmaster", "moderator", "root"),
    *("system", "official", "officials", "staff", "support", "customerservice", "customersupport", "helpdesk"),
}
"""Refused as whole words: badminton is no admin."""


async def hold_own(app: Application, connection: Connection, name: str) -> None:
    """Raise NameReserved for a name that passes for the platform or one of its shops.

    Width, case, accents, spaces and signs that nobody sees do not count. What looks alike in another script does.
    """
    if _OURS.fullmatch(name):
        return
    flat = _flat(name)
    letters = "".join(sign for sign in flat if not sign.isdigit())
    words = set(re.findall(r"[a-z]+", unicodedata.normalize("NFKC", name).casefold())) | {letters}
    if words & _WORDS or any(held in flat for held in _HELD):
        raise NameReserved
    shops = [_flat(shop) for shop in (await app.resource(Shops).named(connection)).values()]
    if any(shop in flat if len(shop) > 1 else shop == flat for shop in shops if shop):
        raise NameReserved


def _flat(name: str) -> str:
    """Return nothing but the letters and digits of a name, each in its plain form."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKD", name).casefold() if unicodedata.category(sign)[0] in "LN"
    )
