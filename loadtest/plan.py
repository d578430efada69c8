"""What a run does, handed from the conductor to the locust processes through one JSON file."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

VARIABLE = "LINGFENG_LOADTEST_PLAN"


class Buyer(msgspec.Struct, frozen=True):
    """A member who will try to buy."""

    member_id: str
    phone: str
    token: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the seckill scenario. Times are seconds of the Unix epoch, durations seconds."""

    base_url: str
    item_id: str
    stock: int
    starts_at: float
    ends_at: float
    stop_at: float
    spread: float
    pay: float
    double: float
    seed: int
    folder: str
    watchers: int
    pay_within: int
    late: float = 0.0
    buyers: list[Buyer]

    def write(self) -> Path:
        """Write the plan into its folder and return the file."""
        path = Path(self.folder) / "plan.json"
        path.write_bytes(msgspec.json.encode(self))
        return path


def read() -> Plan:
    """Return the plan that the environment names."""
    return msgspec.json.decode(Path(os.environ[VARIABLE]).read_bytes(), type=Plan)
