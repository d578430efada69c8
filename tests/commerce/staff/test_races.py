"""Changes of rights and proofs that overlap: none of them brings back what another one has just taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from commerce.staff import roles
from tests.commerce.staff.conftest import ROLES, Office


def before(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, first: Callable[[], Awaitable[object]]
) -> list[str]:
    """Have ``first`` done once, right before ``module.name`` begins; the list returned says that it was."""
    was, done = getattr(module, name), []

    async def work(*given: Any, **named: Any) -> Any:
        if not done:
            done.append(name)
            await first()
        return await was(*given, **named)

    monkeypatch.setattr(module, name, work)
    return done


async def test_a_new_name_of_a_role_gives_no_permission_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who renames a role while another takes a permission out of it does not put that permission back."""
    body = {"name": "客服二", "shop_id": str(office.shops[0]), "permissions": ["orders.view", "payments.refund"]}
    _, role = await office.ask("boss", "POST", ROLES, body)
    path = f"{ROLES}/{role['id']}"

    async def take() -> None:
        assert (await office.ask("boss2", "PATCH", path, {"permissions": ["orders.view"]}))[0] == 200

    done = before(monkeypatch, roles, "change", take)
    status, seen = await office.ask("boss", "PATCH", path, {"name": "客服三"})
    assert done
    assert (status, seen["name"], seen["permissions"]) == (200, "客服三", ["orders.view"])
