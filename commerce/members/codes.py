"""One-time codes: six digits by SMS or mail, good for five minutes and five tries, kept only as an HMAC.

Beside them the last letter to who gets no code for an account any more.
"""

from __future__ import annotations

import hmac
import secrets

from commerce.courier import CourierMissing, Couriers, Message
from commerce.members import store
from commerce.members.errors import CodeSpent, CodeWrong
from commerce.members.targets import Target
from server.application import Application
from server.database import Connection
from server.i18n import Translator

GOOD_FOR, TRIES = 300, 5
"""Seconds, and tries, that a code lives."""

RETRY_AFTER = 60
"""Seconds between two codes to one target."""

PER_TARGET = ("1/60second", "20/day")
PER_ADDRESS = "30/10minute"


async def send_code(app: Application, target: Target, address: str, tr: Translator) -> int:
    """Send a code to ``target`` and return the seconds until another may be asked for.

    The same happens whether or not somebody has registered with it. Raises RateLimited, CourierMissing.
    """
    courier = app.resource(Couriers).of(target.channel)
    await app.limits.check(PER_ADDRESS, "codes", address=address)
    for rate in PER_TARGET:
        await app.limits.check(rate, "codes", target.value)
    code = f"{secrets.randbelow(1_000_000):06d}"
    text = tr("【凌峰】验证码 {code}，{minutes} 分钟内有效。请勿告诉他人。").format(code=code, minutes=GOOD_FOR // 60)
    async with app.database.transaction() as connection:
        await store.keep_code(connection, target.value, _mac(app, target, code), GOOD_FOR)
        await courier.send(connection, Message(channel=target.channel, to=target.value, text=text, code=code))
    return RETRY_AFTER


async def wait_for(app: Application, target: Target) -> int:
    """Return the seconds until ``target`` may be sent another code, 0 where it may now."""
    return max([await app.limits.wait(rate, "codes", target.value) for rate in PER_TARGET])


async def write(app: Application, connection: Connection, target: Target, text: str) -> None:
    """Send a text to a phone or mail address that is an account's no more, in the caller's transaction.

    Nothing is sent where nobody carries that kind of message: what proved the change came another way.
    """
    try:
        courier = app.resource(Couriers).of(target.channel)
    except CourierMissing:
        return
    await courier.send(connection, Message(channel=target.channel, to=target.value, text=text))


async def check_code(app: Application, target: Target, code: str) -> bytes:
    """Count a try and return what ``store.use_code`` takes. Raises CodeWrong, CodeSpent with the last try and after.

    The try is counted in a transaction of its own: a refusal must not take it back. That a code is spent says nothing
    of whose it is: codes are sent, and spent, whether or not somebody has registered with the target.
    """
    async with app.database.connection() as connection:
        live = await store.try_code(connection, target.value)
    given = _mac(app, target, code.strip())
    right = hmac.compare_digest(given, live.mac if live is not None else bytes(32))
    if live is None:
        raise CodeWrong
    if live.tries > TRIES or (not right and live.tries == TRIES):
        raise CodeSpent
    if not right:
        raise CodeWrong
    return live.mac


def _mac(app: Application, target: Target, code: str) -> bytes:
    return hmac.digest(app.settings.secret, f"code:{target.value}:{code}".encode(errors="replace"), "sha256")


async def tidy(app: Application) -> None:
    """Remove codes that ended long ago."""
    async with app.database.connection() as connection:
        await store.tidy_codes(connection)
