"""The back office's door: who gets in, what they may do, and what is written down about it."""

from __future__ import annotations

import asyncio
from typing import Any

import pyotp
import pytest
from aiohttp.test_utils import TestClient

from commerce.members.demo import demo_buyers
from commerce.staff import Permission, Tile, Tiles, otp, store
from commerce.staff.demo import DemoStaff, create_staff
from server.application import Application
from server.http import Identity, Kind

Client = TestClient[Any, Any]


@pytest.fixture
async def staff(app: Application) -> list[DemoStaff]:
    async with app.database.transaction() as connection:
        return await create_staff(connection, {"admin": "admin-password"}, [(1, "山行")])


async def enter(client: Client, **body: Any) -> tuple[int, Any]:
    response = await client.post("/api/v1/staff/sessions", json=body)
    return response.status, await response.json()


async def headers_of(client: Client, person: DemoStaff) -> dict[str, str]:
    status, body = await enter(client, account=person.account, password=person.password)
    assert status == 201
    return {"Authorization": f"Bearer {body['token']}"}


async def test_the_first_demo_account_may_do_everything(client: Client, staff: list[DemoStaff]) -> None:
    assert staff[0] == DemoStaff(account="admin", password="admin-password", roles=["owner"])
    status, body = await enter(client, account="Admin", password="admin-password")
    assert status == 201
    assert body["staff"] | {"id": ""} == {
        "id": "",
        "account": "admin",
        "name": "凌峰管理员",
        "shop_id": None,
        "roles": ["owner"],
        "permissions": ["*"],
        "grants": [{"shop_id": None, "permissions": ["*"]}],
    }


async def test_a_shop_manager_is_limited_to_the_shop_and_its_permissions(
    client: Client, app: Application, staff: list[DemoStaff]
) -> None:
    manager = next(person for person in staff if person.account == "shop1")
    _, body = await enter(client, account="shop1", password=manager.password)
    session = await app.sessions.find(body["token"])
    assert session is not None
    identity = session.identity
    assert (identity.kind, identity.shops) == (Kind.STAFF, (1,))
    assert identity.may(Permission.FLASHSALE_MANAGE)
    assert identity.may(Permission.STAFF_MANAGE)
    assert not identity.may(Permission.LEDGER_VIEW)


async def test_every_role_permits_only_known_things(app: Application, client: Client) -> None:
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT DISTINCT unnest(permissions) AS permission FROM roles")
    assert {row["permission"] for row in rows} <= set(Permission)


async def test_demo_staff_made_again_keep_their_passwords(
    app: Application, staff: list[DemoStaff], client: Client
) -> None:
    known = {person.account: person.password for person in staff}
    async with app.database.transaction() as connection:
        assert await create_staff(connection, known, [(1, "山行")]) == staff
        fresh = await create_staff(connection, {}, [(1, "山行")])
        assert await connection.fetchval("SELECT count(*) FROM staff") == len(staff)
    assert all(old.password != new.password for old, new in zip(staff, fresh, strict=True))
    assert (await enter(client, account="admin", password="admin-password"))[0] == 401
    assert (await enter(client, account="admin", password=fresh[0].password))[0] == 201


async def test_the_refusal_does_not_tell_who_works_here(client: Client, staff: list[DemoStaff]) -> None:
    _, wrong = await enter(client, account="admin", password="wrong")
    _, nobody = await enter(client, account="nobody", password="wrong")
    assert wrong == nobody
    assert wrong["error"]["code"] == "credentials_wrong"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"account": "admin"},
        {"account": "", "password": "x"},
        {"account": "admin", "password": ""},
        {"account": "admin", "password": "x" * 257},
        {"account": 1, "password": "x"},
        {"account": "admin", "password": "x", "otp": 123456},
        {"account": "admin", "password": "x", "role": "owner"},
    ],
)
async def test_a_bad_log_in_is_refused(client: Client, body: dict[str, Any]) -> None:
    status, answer = await enter(client, **body)
    assert (status, answer["error"]["code"]) == (422, "invalid")


async def test_odd_accounts_are_only_wrong(client: Client, staff: list[DemoStaff]) -> None:
    for account in ("admin\x00", "' OR 1=1 --", "😀" * 50, "%"):
        assert (await enter(client, account=account, password="x"))[0] == 401


async def test_guessing_ends(client: Client, staff: list[DemoStaff]) -> None:
    answers = await asyncio.gather(*(enter(client, account="admin", password=f"guess {n}") for n in range(25)))
    assert [status for status, _ in answers].count(401) == 20
    assert (await enter(client, account="ADMIN", password="admin-password"))[0] == 429
    assert (await enter(client, account="service", password=staff[1].password))[0] == 201


async def test_a_second_factor_is_asked_for_and_counts_once(
    client: Client, app: Application, staff: list[DemoStaff]
) -> None:
    secret = otp.new_secret()
    async with app.database.connection() as connection:
        staff_id = await store.staff_id_of(connection, "admin")
        assert staff_id is not None
        await store.set_otp(connection, staff_id, otp.seal(app.settings.secret, secret))
        kept = await connection.fetchval("SELECT otp_secret FROM staff WHERE id = $1", staff_id)
    assert secret.encode() not in kept
    status, body = await enter(client, account="admin", password="admin-password")
    assert (status, body["error"]["code"]) == (401, "otp_required")
    status, body = await enter(client, account="admin", password="wrong", otp=pyotp.TOTP(secret).now())
    assert (status, body["error"]["code"]) == (401, "credentials_wrong")
    for wrong in ("000000", "１２３４５６", "\x00"):
        if wrong != pyotp.TOTP(secret).now():
            status, body = await enter(client, account="admin", password="admin-password", otp=wrong)
            assert (status, body["error"]["code"]) == (401, "otp_wrong")
    good = pyotp.TOTP(secret).now()
    answers = await asyncio.gather(
        *(enter(client, account="admin", password="admin-password", otp=good) for _ in range(3))
    )
    assert sorted(status for status, _ in answers) == [201, 401, 401]


def test_a_secret_sealed_with_another_key_does_not_open() -> None:
    sealed = otp.seal(b"one key" * 8, "JBSWY3DPEHPK3PXP")
    assert otp.unseal(b"one key" * 8, sealed) == "JBSWY3DPEHPK3PXP"
    with pytest.raises(otp.SealBroken):
        otp.unseal(b"another" * 8, sealed)


async def test_a_closed_account_is_out(client: Client, app: Application, staff: list[DemoStaff]) -> None:
    headers = await headers_of(client, staff[1])
    async with app.database.connection() as connection:
        await connection.execute("UPDATE staff SET disabled_at = now() WHERE account = 'service'")
    app.sessions.refresh(Kind.STAFF, 2)
    assert (await client.get("/api/v1/staff/me", headers=headers)).status == 401
    assert (await enter(client, account="service", password=staff[1].password))[0] == 401


async def test_log_ins_and_refusals_are_written_down(client: Client, app: Application, staff: list[DemoStaff]) -> None:
    await enter(client, account="admin", password="wrong")
    headers = await headers_of(client, staff[0])
    assert (await client.delete("/api/v1/staff/sessions/current", headers=headers)).status == 204
    assert (await client.get("/api/v1/staff/me", headers=headers)).status == 401
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT kind, address, detail FROM staff_audit ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("log_in_refused", "127.0.0.1", {"why": "password"}),
        ("log_in", "127.0.0.1", {}),
        ("log_out", "127.0.0.1", {}),
    ]


async def test_tokens_of_one_kind_do_not_open_the_other(
    client: Client, app: Application, staff: list[DemoStaff]
) -> None:
    [buyer] = await demo_buyers(app, 1)
    member = {"Authorization": f"Bearer {buyer.token}"}
    admin = await headers_of(client, staff[0])
    assert (await client.get("/api/v1/staff/me", headers=member)).status == 403
    assert (await client.get("/backoffice", headers=member)).status == 403
    assert (await client.get("/api/v1/me", headers=admin)).status == 403
    assert (await client.get("/api/v1/addresses", headers=admin)).status == 403


def test_the_first_page_shows_the_doors_one_may_open() -> None:
    tiles = Tiles()
    for permission in ("", "orders.view", "ledger.view"):
        tiles.add(Tile(title=permission, text="", href="/", icon="doc", permission=permission))
    clerk = Identity(kind=Kind.STAFF, id=1, name="", permissions=frozenset({"orders.view"}))
    assert [tile.title for tile in tiles.of(clerk)] == ["", "orders.view"]


async def test_the_list_of_staff_is_for_who_may_manage_them(client: Client, staff: list[DemoStaff]) -> None:
    page = await client.get("/backoffice/staff", headers=await headers_of(client, staff[0]))
    text = await page.text()
    assert page.status == 200
    assert all(person.account in text for person in staff)
    assert "password" not in text
    assert (await client.get("/backoffice/staff", headers=await headers_of(client, staff[1]))).status == 403
    guest = await client.get("/backoffice/staff", allow_redirects=False)
    assert (guest.status, guest.headers["Location"]) == (303, "/backoffice/login?next=%2Fbackoffice%2Fstaff")


async def change(client: Client, headers: dict[str, str], **body: Any) -> tuple[int, Any]:
    response = await client.post("/api/v1/staff/me/password", json=body, headers=headers)
    return response.status, await response.json()


async def test_a_new_password_ends_every_session_and_opens_one(
    client: Client, app: Application, staff: list[DemoStaff]
) -> None:
    mine, other = await headers_of(client, staff[0]), await headers_of(client, staff[0])
    status, body = await change(client, mine, old="admin-password", new="another password")
    assert (status, body["staff"]["account"]) == (201, "admin")
    for ended in (mine, other):
        assert (await client.get("/api/v1/staff/me", headers=ended)).status == 401
    renewed = {"Authorization": f"Bearer {body['token']}"}
    assert (await client.get("/api/v1/staff/me", headers=renewed)).status == 200
    assert (await enter(client, account="admin", password="admin-password"))[0] == 401
    assert (await enter(client, account="admin", password="another password"))[0] == 201
    async with app.database.connection() as connection:
        kinds = await connection.fetch("SELECT kind FROM staff_audit ORDER BY id")
    assert "password_changed" in {row["kind"] for row in kinds}


async def test_a_password_is_not_changed_without_the_present_one(client: Client, staff: list[DemoStaff]) -> None:
    headers = await headers_of(client, staff[0])
    for body, code, field in (
        ({"old": "wrong", "new": "another password"}, "old_password_wrong", "old"),
        ({"old": "", "new": "another password"}, "old_password_wrong", "old"),
        ({"old": "admin-password", "new": "short"}, "invalid", "new"),
        ({"old": "admin-password", "new": "aaaaaaaaaa"}, "invalid", "new"),
        ({"new": "another password"}, "invalid", "old"),
    ):
        status, answer = await change(client, headers, **body)
        assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, code, field)
    assert (await enter(client, account="admin", password="admin-password"))[0] == 201


async def test_a_stolen_session_cannot_guess_the_password(client: Client, staff: list[DemoStaff]) -> None:
    headers = await headers_of(client, staff[0])
    answers = await asyncio.gather(
        *(change(client, headers, old=f"guess {n}", new="another password") for n in range(25))
    )
    assert sorted({status for status, _ in answers}) == [422, 429]
    assert [status for status, _ in answers].count(422) == 20
    assert (await change(client, headers, old="admin-password", new="another password"))[0] == 429


async def test_of_two_changes_at_once_one_counts(client: Client, staff: list[DemoStaff]) -> None:
    mine, other = await headers_of(client, staff[0]), await headers_of(client, staff[0])
    answers = await asyncio.gather(
        change(client, mine, old="admin-password", new="first new one"),
        change(client, other, old="admin-password", new="second new one"),
    )
    statuses = sorted(status for status, _ in answers)
    assert statuses[0] == 201
    assert statuses[1] in (401, 409, 422)


async def test_a_browser_that_changes_the_password_stays_in(
    client: Client, app: Application, staff: list[DemoStaff]
) -> None:
    _, body = await enter(client, account="admin", password="admin-password")
    headers = {"Cookie": f"lf_staff={body['token']}", "X-CSRF-Token": app.sessions.csrf(body["token"])}
    response = await client.post(
        "/api/v1/staff/me/password", json={"old": "admin-password", "new": "another password"}, headers=headers
    )
    assert response.status == 201
    assert response.cookies["lf_staff"].value == (await response.json())["token"]
    assert response.cookies["lf_staff"]["httponly"]
