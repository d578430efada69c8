"""Changes of rights and proofs that overlap: none of them brings back what another one has just taken."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from commerce.credentials import hash_password
from commerce.staff import log_in, roles
from commerce.staff.otp import new_secret, seal
from tests.commerce.staff.conftest import ROLES, Office

PASSWORD = "a password of the keeper"


def before(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, first: Callable[[], Awaitable[object]]
) -> list[str]:
    """Have ``first`` done once, right before ``module.name`` begins; the list returned says that it was."""
    was = getattr(module, name)
    done: list[str] = []

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
    stale = {"permissions": ["orders.view", "payments.refund"], "seen": role["state"]}
    assert await office.ask("boss", "PATCH", path, stale) == (409, "changed_meanwhile")
    assert (await office.ask("boss", "PATCH", path, stale | {"seen": seen["state"]}))[0] == 200


async def locked(office: Office, account: str, password: str = PASSWORD) -> None:
    """Give an account a password that is known here."""
    async with office.app.database.connection() as connection:
        kept = await hash_password(password)
        await connection.execute("UPDATE staff SET password_hash = $2 WHERE id = $1", office.ids[account], kept)


async def enter(office: Office, account: str, password: str = PASSWORD) -> tuple[int, Any]:
    body = {"account": account, "password": password}
    async with office.client.post("/api/v1/staff/sessions", json=body) as response:
        return response.status, await response.json()


async def test_a_password_that_was_just_replaced_opens_no_session(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was let through the door with the old password a moment before is not in when it is changed."""
    await locked(office, "keeper")

    async def change() -> None:
        body = {"old": PASSWORD, "new": "another password of hers"}
        status, opened = await office.ask("keeper", "POST", "/api/v1/staff/me/password", body)
        assert status == 201
        office.tokens["keeper"] = opened["token"]

    done = before(monkeypatch, log_in, "_opened", change)
    status, answer = await enter(office, "keeper")
    assert done
    assert (status, answer["error"]["code"]) == (401, "credentials_wrong")
    sessions = "SELECT count(*) FROM sessions WHERE kind = 'staff' AND subject_id = $1 AND revoked_at IS NULL"
    assert await office.value(sessions, office.ids["keeper"]) == 1


@pytest.mark.parametrize("deed", ["disable", "sign-out"])
async def test_an_account_that_is_just_closed_opens_no_session(
    office: Office, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    await locked(office, "keeper")

    async def close() -> None:
        assert (await office.do("boss", "keeper", deed))[0] == 200

    done = before(monkeypatch, log_in, "_opened", close)
    status, _ = await enter(office, "keeper")
    assert done
    # Ending all sessions is no refusal of new ones: whoever knows the password may come in again.
    assert status == (401 if deed == "disable" else 201)


async def test_a_second_factor_that_was_just_taken_up_is_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await locked(office, "keeper")

    async def take_up() -> None:
        async with office.app.database.connection() as connection:
            sealed = seal(office.app.settings.secret, new_secret())
            await connection.execute("UPDATE staff SET otp_secret = $2 WHERE id = $1", office.ids["keeper"], sealed)

    done = before(monkeypatch, log_in, "_opened", take_up)
    status, answer = await enter(office, "keeper")
    assert done
    assert (status, answer["error"]["code"]) == (401, "credentials_wrong")


def seen(text: str) -> str:
    """Return what a page's form says that it was filled in over."""
    found = re.search(r'name="seen" value="([^"]*)"', text)
    assert found
    return html.unescape(found[1])


async def test_a_form_filled_in_over_other_roles_is_shown_again(office: Office) -> None:
    """Saving a page that was opened before a role was taken does not give that role back."""
    a, keeper = office.shops[0], f"/backoffice/staff/{office.ids['keeper']}"
    await office.give("boss", "keeper", a, "service", "finance")
    form = {"shop_id": str(a), "roles": "service", "seen": seen((await office.page("boss", keeper))[1])}
    await office.give("boss2", "keeper", a, "finance")
    status, text = await office.send("boss", f"{keeper}/roles", form)
    assert (status, "别人刚改过" in text) == (409, True)
    held = "SELECT array_agg(code) FROM staff_roles JOIN roles ON roles.id = role_id WHERE staff_id = $1"
    assert await office.value(held, office.ids["keeper"]) == ["finance"]
    assert (await office.send("boss", f"{keeper}/roles", form | {"seen": seen(text)}))[0] == 303
    assert await office.value(held, office.ids["keeper"]) == ["service"]
    await office.give("boss", "keeper", a)
    text = (await office.page("boss", keeper))[1]
    await office.give("boss2", "keeper", a, "finance")
    assert (await office.send("boss", f"{keeper}/roles", form | {"seen": seen(text)}))[0] == 409


async def test_a_grid_filled_in_over_another_role_is_shown_again(office: Office) -> None:
    body = {"name": "客服二", "shop_id": str(office.shops[0]), "permissions": ["orders.view", "payments.refund"]}
    _, role = await office.ask("boss", "POST", ROLES, body)
    path, form = f"/backoffice/roles/{role['id']}", {"name": "客服三", "permissions": "payments.refund"}
    form["seen"] = seen((await office.page("boss", path))[1])
    assert (await office.ask("boss2", "PATCH", f"{ROLES}/{role['id']}", {"permissions": ["orders.view"]}))[0] == 200
    status, text = await office.send("boss", path, form)
    assert (status, "别人刚改过" in text, "客服三" in text) == (409, True, True)
    assert await office.value("SELECT permissions FROM roles WHERE id = $1", int(role["id"])) == ["orders.view"]
    assert (await office.send("boss", path, form | {"seen": seen(text)}))[0] == 303
