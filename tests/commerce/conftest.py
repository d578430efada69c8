"""What the tests of commerce share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce.payments.providers.alipay_account import account
from commerce.sandbox.alipay.keys import Keys
from server.application import Application
from server.settings import Settings
from tests.commerce.orders.market import Market


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sides' keys, made once for the run."""
    home = tmp_path_factory.mktemp("keys")
    made = account(
        Settings(home=home, sandboxes=True, database_url="", database_direct_url="", redis_url="", secret=b"")
    )
    assert made is not None
    made.private()
    Keys(home).publish()
    return home / "sandbox" / "alipay"


@pytest.fixture
async def market(settings: Settings, app: Application, key_folder: Path, client: TestClient[Any, Any]) -> Market:
    """A market that is open."""
    shutil.copytree(key_folder, settings.home / "sandbox" / "alipay", dirs_exist_ok=True)
    made = Market(app, client)
    await made.open()
    return made
