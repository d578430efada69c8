"""What people saw before they change it: who would write over what somebody else has changed since is told first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.errors import Conflict

Seen = Annotated[
    str,
    Meta(
        max_length=100,
        description="The `state` of what was read: when it is another by now, nothing is changed. "
        "Who leaves it out means what they say, whatever others have changed.",
    ),
]


class ChangedMeanwhile(Conflict):
    """Somebody else has changed it since it was read; ``details`` name the fields."""

    code, message = "changed_meanwhile", "别人刚改过，看过再保存：再保存就以你填的为准"


def state_of(value: Any) -> str:
    """Return what tells a state from any other; of fields by their names, field by field."""
    if isinstance(value, Mapping):
        return "-".join(_digest(one)[:8] for one in value.values())
    return _digest(value)[:16]


def hold_state(seen: str, value: Any) -> None:
    """Raise ChangedMeanwhile unless ``seen`` is this state's, or empty: who says nothing of it means what they say."""
    if seen and seen != (state := state_of(value)):
        fields = list(value) if isinstance(value, Mapping) else []
        was, now = seen.split("-"), state.split("-")
        if len(was) == len(now) == len(fields):
            fields = [name for name, old, new in zip(fields, was, now, strict=True) if old != new]
        raise ChangedMeanwhile(details=[{"field": name} for name in fields])


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()
