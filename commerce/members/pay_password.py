"""The payment password: six digits asked for when points or a balance are spent; five wrong tries lock it for 3 hours.

await pay_password_ok(app, member_id, digits)     # raises PayPasswordWrong, PayPasswordLocked, PayPasswordMissing
"""

from __future__ import annotations

import hmac
import itertools
import math
import re

from commerce.credentials import check_password, hash_password
from commerce.members import pay_store, store
from commerce.members.errors import PayPasswordLocked, PayPasswordMissing, PayPasswordWrong
from commerce.members.proof import Proof, prove
from commerce.members.types import Secured
from server.application import Application
from server.clock import now
from server.errors import Invalid, NotFound
from server.events import publish

TRIES, LOCKED_SECONDS = 5, 3 * 3600
_SIX = re.compile("[0-9]{6}")


async def pay_password_ok(app: Application, member_id: int, given: str) -> None:
    """Return if ``given`` is the member's payment password. Each try is counted before it is looked at.

    Raises PayPasswordMissing, PayPasswordLocked, PayPasswordWrong with how many tries are left.
    """
    async with app.database.connection() as connection:
        held = await pay_store.count_try(connection, member_id, TRIES, LOCKED_SECONDS)
        if held is None:
            locked = await pay_store.locked_until(connection, member_id)
            if locked is None:
                raise PayPasswordMissing
            raise PayPasswordLocked(max(1, math.ceil((locked - now()).total_seconds())))
    if not await check_password(held.hash, _digest(app, member_id, given)):
        left = TRIES - held.tries
        if left <= 0:
            raise PayPasswordLocked(LOCKED_SECONDS)
        raise PayPasswordWrong(field="pay_password", details={"left": left}, left=left)
    async with app.database.connection() as connection:
        await pay_store.forget_tries(connection, member_id)


async def set_pay_password(app: Application, member_id: int, new: str, proof: Proof) -> None:
    """Set or replace a payment password; a lock ends. Raises Invalid (field ``new``), ProofWrong, TooManyTries."""
    async with app.database.connection() as connection:
        member = await store.member(connection, member_id)
    if member is None:
        raise NotFound
    hold_digits(new, member.phone or "")
    proven = await prove(app, member, proof)
    made = await hash_password(_digest(app, member_id, new))
    async with app.database.transaction() as connection:
        await proven.use(connection)
        await pay_store.keep(connection, member_id, made)
        await store.note(connection, member_id, "pay_password_set", f"member:{member_id}")
        await publish(connection, Secured(member_id=member_id, what="pay_password_set"))


def hold_digits(new: str, phone: str) -> None:
    """Raise Invalid unless ``new`` is six digits that are not guessed at once."""
    if not _SIX.fullmatch(new):
        raise Invalid("new", "支付密码是 6 位数字")
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(new)}
    if (len(steps) == 1 and steps <= {0, 1, 9}) or len(set(new)) < 3 or new in phone:
        raise Invalid("new", "这个支付密码太容易猜到，换一个")


def _digest(app: Application, member_id: int, digits: str) -> str:
    """Return what is hashed: with the installation's key, a million tries on a stolen table tell nothing."""
    return hmac.digest(app.settings.secret, f"pay:{member_id}:{digits}".encode(errors="replace"), "sha256").hex()
