"""Fault points: nothing unless asked, then exactly what was asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flashsale.seckill import faults

PASS = (
    "from flashsale.seckill import faults\n"
    "for _ in range(3):\n    print('before', flush=True)\n    faults.point('drain_middle')\n"
)


def run(asked: str) -> tuple[int, int]:
    """Return exit code and how often the point was reached."""
    env = {**os.environ, "LINGFENG_FAULT_POINTS": asked}
    done = subprocess.run([sys.executable, "-c", PASS], env=env, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout.count("before")


def test_a_point_strikes_when_it_was_asked_to(tmp_path: Path) -> None:
    assert run("") == (0, 3)
    assert run("rewin_after_lua") == (0, 3)
    assert run("drain_middle") == (-9, 1)
    assert run("drain_middle:3") == (-9, 3)
    mark = tmp_path / "struck"
    assert run(f"drain_middle:2:kill@{mark}") == (-9, 2)
    assert mark.exists()
    assert run(f"drain_middle:2:kill@{mark}") == (0, 3)


@pytest.mark.parametrize("wrong", ["nowhere", "drain_middle:x", "drain_middle:1:faint"])
def test_wishes_that_are_none_are_heard(wrong: str) -> None:
    with pytest.raises(ValueError):
        faults.read(wrong)


def test_every_point_is_passed_somewhere() -> None:
    folder = Path(faults.__file__).parent
    passed = {
        name for path in folder.glob("*.py") for name in re.findall(r'faults\.point\("(\w+)"\)', path.read_text())
    }
    assert passed == faults.POINTS
    assert faults.point is faults._nothing


def test_a_point_counts_only_once_its_mark_has_a_folder(tmp_path: Path) -> None:
    mark = tmp_path / "armed" / "struck"
    fault = faults.Fault(f"drain_middle@{mark}")
    assert not fault.armed
    mark.parent.mkdir()
    assert fault.armed
    assert faults.Fault("drain_middle").armed
