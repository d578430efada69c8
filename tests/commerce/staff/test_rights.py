"""Who may change whose rights: nobody gives what they do not hold, rules over who holds more, or changes themselves."""

from __future__ import annotations

import asyncio
import re

import pytest

from commerce.staff import audit_pages, audit_store
from commerce.staff.audit import MASK, masked
from commerce.staff.audit_told import told
from server.application import Application
from server.cells import safe
from server.clock import now
from server.http import Call, Identity, Kind, Routes, StaffWith
from tests.commerce.staff.conftest import ROLES, STAFF, Office


async def test_a_shop_gives_what_it_holds_in_its_shop_alone(office: Office) -> None:
    a, b = office.shops
    assert (await office.give("boss", "keeper", a, "service", "finance"))[0] == 200
    assert await office.give("boss", "keeper", b, "service") == (404, "not_found")
    assert await office.give("boss", "keeper", None, "service") == (422, "invalid")
    assert await office.give("boss", "keeper", a, "owner") == (422, "invalid")
    assert await office.give("boss", "rival", b, "service") == (404, "not_found")
    assert await office.give("boss", "owner", None, "service") == (404, "not_found")
    assert (await office.give("owner", "keeper", b, "service"))[0] == 200
    status, seen = await office.ask("owner", "GET", f"{STAFF}/{office.ids['keeper']}")
    assert {(one["shop_id"], one["code"]) for one in seen["roles"]} == {
        (str(a), "service"), (str(a), "finance"), (str(b), "service"),
    }  # fmt: skip
    status, seen = await office.ask("rival", "GET", f"{STAFF}/{office.ids['keeper']}")
    assert (status, [one["shop_id"] for one in seen["roles"]]) == (200, [str(b)])
    assert await office.do("rival", "keeper", "disable") == (404, "not_found")


async def test_nobody_gives_or_makes_what_they_do_not_hold(office: Office) -> None:
    a = office.shops[0]
    narrow = {"name": "小店长", "shop_id": str(a), "permissions": ["staff.manage", "orders.view"]}
    _, role = await office.ask("boss", "POST", ROLES, narrow)
    await office.hire("deputy", a)
    assert (await office.give("boss", "deputy", a, role["code"]))[0] == 200
    for wanted in ("finance", "shop_manager", "service"):
        assert await office.give("deputy", "keeper", a, wanted) == (403, "not_held"), wanted
    assert await office.give("deputy", "keeper", a) == (403, "not_held")  # nor takes it
    wide = {"name": "仓库长", "shop_id": str(a), "permissions": ["orders.manage"]}
    assert await office.ask("deputy", "POST", ROLES, wide) == (403, "not_held")
    change = {"permissions": ["staff.manage", "orders.view", "payments.refund"]}
    assert await office.ask("deputy", "PATCH", f"{ROLES}/{role['id']}", change) == (403, "not_held")
    for deed in ("disable", "password", "otp", "sign-out"):
        assert await office.do("deputy", "boss", deed) == (403, "outranked"), deed
    platform = {"name": "全平台", "shop_id": None, "permissions": ["orders.view"]}
    assert await office.ask("boss", "POST", ROLES, platform) == (404, "not_found")
    members = {"name": "看会员", "shop_id": str(a), "permissions": ["members.view"]}
    assert await office.ask("boss", "POST", ROLES, members) == (422, "invalid")
    every = {"name": "全部", "shop_id": str(a), "permissions": ["*"]}
    assert await office.ask("owner", "POST", ROLES, every) == (422, "invalid")


async def test_nobody_changes_themselves(office: Office) -> None:
    for who, shop, role in (("owner", None, "owner"), ("boss", office.shops[0], "service")):
        assert await office.give(who, who, shop, role) == (403, "not_yourself")
        for deed in ("disable", "enable", "password", "otp", "sign-out"):
            assert await office.do(who, who, deed) == (403, "not_yourself")


async def test_built_in_roles_stay_and_held_ones_are_not_removed(office: Office) -> None:
    built_in = await office.value("SELECT id FROM roles WHERE code = 'service'")
    assert await office.ask("owner", "PATCH", f"{ROLES}/{built_in}", {"name": "改"}) == (409, "built_in")
    assert await office.ask("owner", "DELETE", f"{ROLES}/{built_in}") == (409, "built_in")
    a = office.shops[0]
    body = {"name": "看订单", "shop_id": str(a), "permissions": ["orders.view"]}
    _, role = await office.ask("boss", "POST", ROLES, body)
    assert (await office.ask("boss", "POST", ROLES, body)) == (422, "invalid")
    assert (await office.ask("rival", "GET", f"{ROLES}/{role['id']}")) == (404, "not_found")
    assert (await office.give("boss", "keeper", a, role["code"]))[0] == 200
    assert await office.ask("boss", "DELETE", f"{ROLES}/{role['id']}") == (409, "still_held")
    assert (await office.ask("boss", "PATCH", f"{ROLES}/{role['id']}", {"permissions": ["products.view"]}))[0] == 200
    kept = await office.value("SELECT array[before, after] FROM staff_audit WHERE kind = 'role_changed'")
    assert kept == [{"permissions": ["orders.view"]}, {"permissions": ["products.view"]}]


async def test_a_changed_role_holds_at_the_next_request(office: Office) -> None:
    a = office.shops[0]
    assert (await office.ask("keeper", "GET", "/api/v1/backoffice/products"))[0] == 200
    assert (await office.give("boss", "keeper", a, "finance"))[0] == 200
    assert await office.ask("keeper", "GET", "/api/v1/backoffice/products") == (403, "forbidden")
    assert (await office.do("boss", "keeper", "disable"))[0] == 200
    assert (await office.ask("keeper", "GET", "/api/v1/staff/me"))[0] == 401


async def test_of_two_owners_who_turn_on_each_other_one_is_left(office: Office) -> None:
    answers = await asyncio.gather(office.do("owner", "owner2", "disable"), office.do("owner2", "owner", "disable"))
    assert sorted(status for status, _ in answers) in ([200, 401], [200, 403])
    left = "SELECT count(*) FROM staff WHERE account LIKE 'owner%' AND disabled_at IS NULL"
    assert await office.value(left) == 1


async def test_the_last_owner_cannot_be_taken_away(office: Office) -> None:
    """Not even by somebody who may do as much without the platform's own role."""
    assert (await office.do("owner", "owner2", "disable"))[0] == 200
    await office.hire("equal", None)
    async with office.app.database.transaction() as connection:
        everything = [str(one) for one in office.app.permissions]
        role = await connection.fetchval(
            "INSERT INTO roles (code, name, permissions) VALUES ('all', 'all', $1) RETURNING id", everything
        )
        await connection.execute(
            "INSERT INTO staff_roles (staff_id, role_id) VALUES ($1, $2)", office.ids["equal"], role
        )
    assert (await office.do("equal", "owner", "disable"))[0] == 403
    assert (await office.give("equal", "owner", None))[0] == 403
    assert (await office.do("owner", "equal", "disable"))[0] == 200


async def test_a_password_given_by_another_opens_nothing_but_its_change(office: Office) -> None:
    body = {"account": "newcomer", "name": "新人", "shop_id": str(office.shops[0]), "roles": ["service"]}
    status, made = await office.ask("boss", "POST", STAFF, body)
    assert status == 201
    assert await office.ask("boss", "POST", STAFF, body) == (409, "account_taken")
    entry = {"account": "newcomer", "password": made["password"]}
    async with office.client.post("/api/v1/staff/sessions", json=entry) as response:
        office.tokens["newcomer"] = (await response.json())["token"]
    assert await office.ask("newcomer", "GET", "/api/v1/backoffice/products") == (403, "forbidden")
    headers = {"Authorization": f"Bearer {office.tokens['newcomer']}"}
    async with office.client.get("/backoffice", headers=headers, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/backoffice/security")
    change = {"old": made["password"], "new": "a password of my own"}
    status, opened = await office.ask("newcomer", "POST", "/api/v1/staff/me/password", change)
    office.tokens["newcomer"] = opened["token"]
    assert (await office.ask("newcomer", "GET", "/api/v1/backoffice/products"))[0] == 200
    assert made["password"] not in str(await office.value("SELECT array_agg(a::text) FROM staff_audit a"))


async def test_a_shop_reads_its_own_records(office: Office) -> None:
    a = office.shops[0]
    await office.give("boss", "keeper", a, "service")
    await office.ask("owner", "PATCH", f"{STAFF}/{office.ids['rival']}", {"name": "改名"})
    _, mine = await office.ask("boss", "GET", "/api/v1/backoffice/audit")
    _, whole = await office.ask("owner", "GET", "/api/v1/backoffice/audit")
    assert [one["kind"] for one in mine["items"]] == ["staff_roles_changed"]
    assert [one["kind"] for one in whole["items"]] == ["staff_renamed", "staff_roles_changed"]
    assert mine["items"][0]["changes"] == [{"field": "角色", "before": "仓库", "after": "客服"}]
    _, none = await office.ask("rival", "GET", f"/api/v1/backoffice/audit?shop={a}")
    assert none["items"] == []
    assert (await office.ask("keeper", "GET", "/api/v1/backoffice/audit")) == (403, "forbidden")
    for no_day in ("2026-02-30", "0001-01-01", "20260228"):  # the first of all days begins before time does, in UTC
        assert (await office.ask("boss", "GET", f"/api/v1/backoffice/audit?since={no_day}")) == (422, "invalid")


async def test_an_address_that_is_no_good_leads_on(office: Office) -> None:
    here = "/backoffice/audit"
    assert (await office.page("boss", f"{here}?utm_source=x"))[0] == 200  # others add to links what is none of ours
    status, text = await office.page("boss", f"{here}?since=2026-11-23&until=2026-11-22")
    assert (status, 'id="until-note">不能早于开始的那天' in text) == (422, True)
    status, text = await office.page("boss", f"{here}?shop=x")
    assert (status, f'href="{here}">不带条件再打开' in text) == (422, True)
    status, text = await office.page("boss", "/backoffice/staff/999999999")
    assert (status, 'href="/backoffice/staff">回上一级' in text, "not_found" in text) == (404, True, False)


async def test_a_file_of_records_holds_no_formula(office: Office) -> None:
    await office.ask("owner", "PATCH", f"{STAFF}/{office.ids['keeper']}", {"name": "=1+1"})
    headers = {"Authorization": f"Bearer {office.tokens['owner']}"}
    async with office.client.get("/backoffice/audit/export", headers=headers) as response:
        text = (await response.read()).decode("utf-8-sig")
    assert response.content_type == "text/csv"
    assert "keeper" in text
    for cell in ("=1+1", "+1", "-1", "@x", "\t=1", "＝1", "＠x", "'=1"):
        assert safe(cell) == "'" + cell
    assert not [line for line in text.splitlines() if line.startswith(("=", "+", "-", "@"))]


def test_secrets_are_masked_however_deep() -> None:
    kept = masked({"name": "甲", "password": "x", "a": [{"otp_secret": "x", "token": None}], "needs_otp": True})
    assert kept == {"name": "甲", "password": MASK, "a": [{"otp_secret": MASK, "token": None}], "needs_otp": True}


def test_what_a_sku_is_called_hides_nothing() -> None:
    """Whoever could mask a price by a SKU's code would change it unseen."""
    kept = {"TOKEN-1 price": 100, "SECRET password code": "A-1", "A-1 password": "x", "code": "B-1"}
    assert masked(kept) == kept | {"A-1 password": MASK}


def test_prices_of_skus_are_told_in_yuan(app: Application) -> None:
    entry = audit_store.Kept(
        **dict.fromkeys(("kind", "object_kind", "object_id", "object_name", "reason", "address", "agent"), ""),
        id=1,
        at=now(),
        account="",
        staff_name="",
        staff_id=None,
        shop_id=None,
        detail={},
        request_id="",
        before={"A-1 price": 990, "A-1 on_hand": 7, "B 2 code": "B 2"},
        after={"A-1 price": 100_000, "A-1 on_hand": 8, "B 2 code": "B-2"},
    )
    nobody = Identity(kind=Kind.STAFF, id=0, name="")
    one_by_one = told(entry, app.translations.of("en"), {}, nobody).differences
    shown = [(one.field, one.before, one.after) for one in one_by_one]
    assert shown == [
        ("A-1 Price", "¥9.90", "¥1,000.00"),
        ("A-1 On hand", "7", "8"),
        ("B 2 Code", "B 2", "B-2"),
    ]


async def test_a_route_without_a_declared_permission_does_not_start(app: Application) -> None:
    routes = Routes("odd", realm=Kind.STAFF)

    @routes.get("/api/v1/backoffice/odd", StaffWith("odd.view"))
    async def odd(call: Call) -> None:
        """Do nothing."""

    app.add(routes)
    with pytest.raises(LookupError, match=r"odd\.view"):
        app.hold_permissions()
    with pytest.raises(TypeError, match="nothing says who may call it"):
        routes.get("/api/v1/backoffice/none", None)(odd)  # type: ignore[arg-type]  # what is to be refused


async def test_a_stray_address_of_the_back_office_stays_in_it(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.tokens['keeper']}", "Accept": "text/html"}
    async with office.client.get("/backoffice/no-such-page", headers=headers) as response:
        text = await response.text()
    assert response.status == 404
    assert 'class="console"' in text
    assert "回看板" in text
    async with office.client.get("/backoffice/no-such-page", headers={"Accept": "text/html"}) as response:
        assert 'class="console"' not in await response.text()


async def test_the_rail_has_no_empty_groups(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.tokens['keeper']}"}
    async with office.client.get("/backoffice", headers=headers) as response:
        text = await response.text()
    rail = text[text.index('id="menu"') : text.index("</nav>")]
    assert "<h2>交易</h2>" in rail
    assert "<h2>平台</h2>" not in rail
    assert "<h2>营销</h2>" not in rail


async def test_records_show_beside_a_person_where_records_may_be_read(office: Office) -> None:
    """Who manages staff in shop A and reads records in shop B sees no records of A beside its people."""
    a, b = office.shops
    await office.give("boss", "keeper", a, "service")
    _, role = await office.ask(
        "boss", "POST", ROLES, {"name": "人事", "shop_id": str(a), "permissions": ["staff.manage"]}
    )
    await office.hire("deputy", a)
    await office.give("boss", "deputy", a, role["code"])
    await office.give("owner", "deputy", b, "shop_manager")
    path = f"/backoffice/staff/{office.ids['keeper']}"
    status, text = await office.page("boss", path)
    assert (status, "改员工角色" in text) == (200, True)
    status, text = await office.page("deputy", path)
    assert (status, "改员工角色" in text) == (200, False)


async def test_roles_beyond_what_a_list_shows_keep_what_they_want(office: Office) -> None:
    """However many roles there are, saying which want a second factor changes those alone and records each."""
    async with office.app.database.connection() as connection:
        await connection.execute(
            "INSERT INTO roles (code, name, permissions, shop_id, needs_otp) "
            "SELECT 'own_' || n, 'R' || n, '{orders.view}', $1, true FROM generate_series(1, 600) AS n",
            office.shops[0],
        )
    form = {"role": "finance"}
    assert (await office.send("owner", "/backoffice/security/roles", form))[0] == 303
    turned = await office.value("SELECT count(*) FROM roles WHERE NOT needs_otp AND code LIKE 'own\\_%'")
    assert turned == await office.value("SELECT count(*) FROM staff_audit WHERE kind = 'role_needs_otp'") - 1


async def test_a_place_has_room_for_so_many_roles(office: Office) -> None:
    a = office.shops[0]
    async with office.app.database.connection() as connection:
        await connection.execute(
            "INSERT INTO roles (code, name, permissions, shop_id) "
            "SELECT 'own_' || n, 'R' || n, '{orders.view}', $1 FROM generate_series(1, 100) AS n",
            a,
        )
    body = {"name": "再来一个", "shop_id": str(a), "permissions": ["orders.view"]}
    assert await office.ask("boss", "POST", ROLES, body) == (409, "roles_full")
    assert (await office.ask("rival", "POST", ROLES, body | {"shop_id": str(office.shops[1])}))[0] == 201


async def test_a_role_keeps_to_places_where_it_is_held(office: Office) -> None:
    """A role that somebody has in a shop does not become the platform's: it is held where it could not be given."""
    body = {"name": "巡店", "shop_id": None, "permissions": ["orders.view"]}
    _, role = await office.ask("owner", "POST", ROLES, body)
    assert (await office.give("owner", "keeper", office.shops[0], role["code"]))[0] == 200
    path = f"{ROLES}/{role['id']}"
    assert await office.ask("owner", "PATCH", path, {"level": "platform"}) == (409, "still_held")
    assert (await office.ask("owner", "PATCH", path, {"level": "shop"}))[0] == 200
    assert await office.ask("owner", "PATCH", path, {"level": "platform"}) == (409, "still_held")


async def test_a_form_with_an_odd_place_is_refused(office: Office) -> None:
    form = {"account": "new1", "name": "新"}
    for place, refused in (("platform\n", 404), ("٣", 422), ("-1", 422), ("999999999\n", 404)):
        status, text = await office.send("boss", "/backoffice/staff/new", form | {"shop_id": place})
        assert status == refused, (place, text[:200])
    path = f"/backoffice/staff/{office.ids['keeper']}/roles"
    assert (await office.send("boss", path, {"shop_id": "platform\n", "roles": "service"}))[0] == 422


async def test_what_was_lent_is_taken_back(office: Office) -> None:
    """Who takes the last role of somebody of another shop is told that it is done, though they see them no longer."""
    b = office.shops[1]
    assert (await office.give("owner", "keeper", b, "host"))[0] == 200
    status, seen = await office.give("rival", "keeper", b)
    assert (status, seen["roles"]) == (200, []), seen
    assert await office.ask("rival", "GET", f"{STAFF}/{office.ids['keeper']}") == (404, "not_found")
    assert (await office.give("owner", "keeper", b, "host"))[0] == 200
    form = {"shop_id": str(b), "roles": ""}
    status, location = await office.send("rival", f"/backoffice/staff/{office.ids['keeper']}/roles", form)
    assert (status, location) == (303, "/backoffice/staff?done=roles")
    assert await office.value("SELECT count(*) FROM staff_roles WHERE shop_id = $1", b) == 0
    assert await office.value("SELECT count(*) FROM staff_roles WHERE staff_id = $1", office.ids["keeper"]) == 1


async def test_a_shop_reads_of_its_people_who_came_and_who_left(office: Office) -> None:
    assert (await office.ask("keeper", "DELETE", "/api/v1/staff/sessions/current"))[0] == 204
    _, mine = await office.ask("boss", "GET", "/api/v1/backoffice/audit")
    assert [(one["kind"], one["object_name"]) for one in mine["items"]] == [("log_out", "keeper")]


async def test_a_file_says_where_it_ends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pages, "AT_ONCE", 3)
    async with office.app.database.connection() as connection:
        await connection.execute(
            "INSERT INTO staff_audit (staff_id, kind, object_name) "
            "SELECT $1, 'staff_renamed', 'n' || n FROM generate_series(1, 8) AS n",
            office.ids["owner"],
        )

    async def names() -> list[str]:
        _, text = await office.page("owner", "/backoffice/audit/export?kind=staff_renamed")
        return re.findall(r"\bn\d\b|只有最近的 6 条", text)

    assert await names() == [f"n{n}" for n in range(8, 0, -1)]
    monkeypatch.setattr(audit_pages, "MOST_EXPORTED", 6)
    assert await names() == [*(f"n{n}" for n in range(8, 2, -1)), "只有最近的 6 条"]
