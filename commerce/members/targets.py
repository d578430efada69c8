"""Phones and mail addresses, as people type them and as they are kept."""

from __future__ import annotations

import re

import msgspec

from commerce.courier import Channel
from server.errors import Invalid

_NOISE = re.compile(r"[\s\-()]")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")


class Target(msgspec.Struct, frozen=True):
    """Where a code is sent, which is also who logs in with it."""

    channel: Channel
    value: str


def phone_of(text: str, field: str = "phone") -> Target:
    """Return a mainland mobile number without spaces and country code. Raises Invalid."""
    digits = _NOISE.sub("", text) if len(text) <= 40 else ""
    for prefix in ("+86", "0086"):
        digits = digits.removeprefix(prefix)
    if not MOBILE.fullmatch(digits):
        raise Invalid(field, "请填写 11 位手机号")
    return Target(Channel.SMS, digits)


def email_of(text: str, field: str = "email") -> Target:
    """Return a mail address in small letters. Raises Invalid."""
    address = text.strip().lower()
    if len(address) > 254 or not _MAIL.fullmatch(address):
        raise Invalid(field, "请填写有效的邮箱")
    return Target(Channel.EMAIL, address)


def target_of(text: str, field: str) -> Target:
    """Return a phone or a mail address, whichever ``text`` is. Raises Invalid."""
    return email_of(text, field) if "@" in text else phone_of(text, field)


def account_of(text: str) -> Target:
    """Return what a person typed into the one field for both, ``account``. Raises Invalid."""
    if "@" not in text and not any(sign.isdigit() for sign in text):  # neither has been begun
        raise Invalid("account", "请填写手机号或邮箱")
    return target_of(text, "account")


def masked_contact(phone: str | None, email: str | None) -> str:
    """Return how staff tell accounts apart: the phone without its middle, else the mail address without its name."""
    if phone:
        return masked(phone)
    name, at, place = (email or "").rpartition("@")
    return f"{name[:1]}***{at}{place}" if at else ""


def masked(phone: str) -> str:
    """Return a phone number as it may be shown: ``138****6021``."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 7 else "****"
