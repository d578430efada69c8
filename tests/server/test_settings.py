"""Settings are refused at the start, by name, with what they take."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import SettingsError, load

_ENOUGH = {"DATABASE_URL": "postgresql://", "REDIS_URL": "redis://", "LINGFENG_SECRET": "x" * 32}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost"),
        ("REDIS_URL", ""),
        ("LINGFENG_SECRET", "short"),
        ("LINGFENG_ENV", "staging"),
        ("LINGFENG_PORT", "70000"),
        ("LINGFENG_PGBOUNCER", "maybe"),
        ("LINGFENG_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"),
        ("LINGFENG_LOG_LEVEL", "loud"),
        ("LINGFENG_WORKER", "65"),
        ("LINGFENG_DRAIN_SECONDS", "13"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=name):
        load(_ENOUGH | {"LINGFENG_HOME": str(tmp_path), name: value})


def test_what_is_set_is_read(tmp_path: Path) -> None:
    given = {"LINGFENG_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8", "LINGFENG_LOG_LEVEL": ""}
    made = load(_ENOUGH | {"LINGFENG_HOME": str(tmp_path)} | given)
    assert made.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")
    assert made.log_level == "info"
    assert list(tmp_path.iterdir()) == []
