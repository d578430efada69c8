"""Points at which a test may have this process killed or stopped.

Only a process started with ``LINGFENG_FAULT_POINTS`` has them; everywhere else ``point`` does nothing. The variable
lists ``name``, ``name:3`` (the third time it is passed) or ``name:3:stop`` (SIGSTOP instead of SIGKILL), separated by
commas; ``@/path`` at the end names a file that is made as the point strikes, tells the moment, and keeps it from
striking again in a process that was started anew. Until that file's folder exists the point does not count: making it
arms the fault.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

POINTS = frozenset(
    {
        "after_redis_before_pg",
        "after_commit_before_answer",
        "before_journal_remove",
        "expiry_after_commit",
        "payment_after_cas",
        "rebuild_after_bump",
        "rewin_after_lua",
        "drain_middle",
    }
)


class Fault:
    """One wish of a test."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for a point that does not exist or an action that is none."""
        words, _, mark = text.partition("@")
        name, _, rest = words.partition(":")
        nth, _, action = rest.partition(":")
        if name not in POINTS or action not in ("", "kill", "stop"):
            raise ValueError(f"LINGFENG_FAULT_POINTS: {text!r} names no point of {', '.join(sorted(POINTS))}")
        self.name = name
        self.nth = int(nth or 1)
        self.signal = signal.SIGSTOP if action == "stop" else signal.SIGKILL
        self.mark = Path(mark) if mark else None

    @property
    def armed(self) -> bool:
        """Whether the point counts yet."""
        return self.mark is None or self.mark.parent.is_dir()

    def strike(self) -> None:
        """End or stop this very process, unless the mark says that it happened before."""
        if self.mark is not None:
            try:
                with self.mark.open("x") as file:
                    file.write(f"{time.time()}")  # a file's own times lag by milliseconds
            except FileExistsError:
                return
        os.kill(os.getpid(), self.signal)


def read(text: str) -> dict[str, Fault]:
    """Return the faults that ``LINGFENG_FAULT_POINTS`` asks for, by point. Raises ValueError."""
    return {fault.name: fault for fault in (Fault(part.strip()) for part in text.split(",") if part.strip())}


_asked = read(os.environ.get("LINGFENG_FAULT_POINTS", ""))
_passed: Counter[str] = Counter()


def _nothing(name: str) -> None:
    """Do nothing."""


def _count(name: str) -> None:
    fault = _asked.get(name)
    if fault is None or not fault.armed:
        return
    _passed[name] += 1
    if _passed[name] == fault.nth:
        fault.strike()


point = _count if _asked else _nothing
"""Called with the name of a point as the process passes it."""
