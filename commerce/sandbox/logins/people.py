"""The people of the simulated providers, and the one application that both know."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

APP_KEY = "sandbox-application-secret"
APPS = {"wechat": "wx5ab0x0000lingfeng", "qq": "1019990001"}


class Party(StrEnum):
    """Whom the sandbox plays."""

    WECHAT = "wechat"
    QQ = "qq"


class Mood(StrEnum):
    """How a provider feels."""

    WELL = "well"
    DOWN = "down"
    SLOW = "slow"


class Choice(StrEnum):
    """What a tester has the person do: agree, refuse, or agree so slowly that the code has ended."""

    AGREE = "agree"
    REFUSE = "refuse"
    EXPIRE = "expire"


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account at both providers."""

    code: str
    nickname: str
    gender: int


PEOPLE = (
    Person("xiaoman", "小满", 2),
    Person("ajie", "阿杰", 1),
    Person("linmu", "林木🌲", 1),
    Person("chenchen", "晨晨不吃香菜", 2),
    Person("laozhou", "老周", 1),
    Person("momo", "momo", 0),
)
BY_CODE = {person.code: person for person in PEOPLE}


def open_id(party: Party, person: str) -> str:
    """Return who a person is to the one application."""
    made = hashlib.sha256(f"{party}:{APPS[party]}:{person}".encode()).hexdigest()
    return "o" + made[:27] if party is Party.WECHAT else made[:32].upper()


def union_id(party: Party, person: str) -> str:
    """Return who a person is to every application of one owner."""
    made = hashlib.sha256(f"{party}:union:{person}".encode()).hexdigest()
    return "oU" + made[:26] if party is Party.WECHAT else "UID_" + made[:28].upper()
