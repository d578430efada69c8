"""Ways to somebody else's account: a proof that held once opens nothing after what it proved has changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce import credentials
from commerce.members import log_in as logging_in
from commerce.members import merging, store
from commerce.members.errors import ProofWrong
from commerce.members.proof import Proof, prove
from commerce.members.types import Visitor
from commerce.messages.alarms import ALARMS
from server.application import Application
from tests.commerce.members.test_merging import MINE, OTHERS, code, inbox, log_in, offer_of, order, proof, send

Client = TestClient[Any, Any]
PASSWORD, ANOTHER = "correct horse", "battery staple"


async def run(app: Application, query: str, *values: Any) -> None:
    async with app.database.connection() as connection:
        await connection.execute(query, *values)


async def with_password(client: Client, phone: str) -> tuple[int, dict[str, str]]:
    """Return a member who has set a password, and the headers of their new session."""
    member_id, headers = await log_in(client, phone=phone)
    body = {"new": PASSWORD, "proof": await proof(client, headers, phone)}
    status, answer = await send(client, "/api/v1/me/password", headers, body)
    assert status == 201, answer
    return member_id, {"Authorization": f"Bearer {answer['token']}"}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("UPDATE members SET password_hash = 'another'", (401, "credentials_wrong")),
        ("UPDATE members SET phone = '13800000077'", (401, "credentials_wrong")),
        ("UPDATE members SET status = 'banned'", (403, "member_banned")),
    ],
)
async def test_a_password_opens_nothing_when_the_account_changes_while_it_is_looked_at(
    client: Client, app: Application, monkeypatch: pytest.MonkeyPatch, change: str, refusal: tuple[int, str]
) -> None:
    """Hashing takes its time, the longer the more are at it: a change of password in between ends every session."""
    await with_password(client, MINE)
    look = credentials.check_password

    async def meanwhile(kept: str | None, password: str) -> bool:
        held = await look(kept, password)
        await run(app, change)
        return held

    monkeypatch.setattr(logging_in, "check_password", meanwhile)
    status, answer = await send(client, "/api/v1/auth/sessions", {}, {"account": MINE, "password": PASSWORD})
    assert (status, answer.get("error", {}).get("code")) == refusal


@pytest.mark.parametrize(
    ("by", "change"),
    [
        ("password", "UPDATE members SET password_hash = 'another'"),
        ("phone", "UPDATE members SET phone = '13800000077'"),
    ],
)
async def test_a_proof_is_of_the_account_as_it_is_when_it_is_used(
    client: Client, app: Application, by: Any, change: str
) -> None:
    member_id, headers = await with_password(client, MINE)
    async with app.database.connection() as connection:
        member = await store.member(connection, member_id)
    assert member is not None
    given = Proof(by=by, password=PASSWORD)
    if by == "phone":
        given = Proof(by=by, code=(await proof(client, headers, MINE))["code"])
    proven = await prove(app, member, given)
    await run(app, change)
    with pytest.raises(ProofWrong):
        async with app.database.transaction() as connection:
            await proven.use(connection)


async def test_an_offer_ends_when_the_other_account_has_another_phone(client: Client, app: Application) -> None:
    """Who held a phone for a moment keeps no claim on the account: its owner has put another in its place."""
    other_id, others = await log_in(client, phone=OTHERS)
    _, mine = await log_in(client, phone=MINE)
    offer = await offer_of(client, mine, MINE, phone=OTHERS)
    await run(app, "DELETE FROM login_codes")
    fresh = "13800000003"
    held = {"by": "phone", "code": await again(client, OTHERS)}
    body = {"phone": fresh, "code": await code(client, phone=fresh), "proof": held}
    status, answer = await send(client, "/api/v1/me/phone", others, body)
    assert status == 200, answer
    status, answer = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert (status, answer["error"]["code"]) == (410, "offer_ended")
    assert (await log_in(client, phone=fresh))[0] == other_id


async def test_an_offer_ends_when_the_other_account_has_another_password(client: Client, app: Application) -> None:
    _, others = await with_password(client, OTHERS)
    _, mine = await log_in(client, phone=MINE)
    offer = await offer_of(client, mine, MINE, phone=OTHERS)
    status, _ = await send(client, "/api/v1/me/password", others, {"old": PASSWORD, "new": ANOTHER})
    assert status == 201
    status, _ = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert status == 410


async def again(client: Client, phone: str) -> str:
    """Return another code for a phone that has just been sent one."""
    await code(client, phone=phone)
    return (await inbox(client, phone))[0]["code"]


async def test_a_session_alone_sets_no_password(client: Client) -> None:
    """Whoever has come by a session must not make a way in of their own of it that outlives it."""
    _, mine = await log_in(client, phone=MINE)
    for extra in ({}, {"old": "anything"}, {"proof": {"by": "phone", "code": "000000"}}):
        status, answer = await send(client, "/api/v1/me/password", mine, {"new": PASSWORD, **extra})
        assert (status, answer["error"]["code"]) == (422, "proof_wrong"), extra
    status, answer = await send(client, "/api/v1/auth/sessions", {}, {"account": MINE, "password": PASSWORD})
    assert status == 401


async def test_a_forgotten_password_is_replaced_with_a_code(client: Client) -> None:
    _, mine = await with_password(client, MINE)
    body = {"new": ANOTHER, "proof": {"by": "phone", "code": "000000"}}
    status, answer = await send(client, "/api/v1/me/password", mine, body)
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, "proof_wrong", "proof.code")
    status, answer = await send(client, "/api/v1/me/password", mine, {"old": "wrong", "new": ANOTHER})
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, "old_password_wrong", "old")


async def test_who_comes_after_a_long_time_is_told_of_the_log_in(client: Client, app: Application) -> None:
    """Sessions of long ago are forgotten; that no device is known is no reason to trust the next one."""
    member_id, _ = await log_in(client, phone=MINE)
    await run(app, "DELETE FROM sessions")
    assert (await log_in(client, phone=MINE))[0] == member_id
    async with app.database.connection() as connection:
        told = await connection.fetch("SELECT payload->>'what' AS what FROM events WHERE kind = 'members.secured'")
    assert [row["what"] for row in told] == ["new_device"]


async def test_two_accounts_that_swallow_each_other_leave_one_with_everything(client: Client, app: Application) -> None:
    my_id, _ = await log_in(client, phone=MINE)
    other_id, _ = await log_in(client, phone=OTHERS)
    async with app.database.transaction() as connection:
        placed = {await order(connection, one, n=n) for n, one in enumerate((my_id, other_id))}
        offers = [
            (my_id, await merging.make_offer(connection, my_id, other_id, "phone")),
            (other_id, await merging.make_offer(connection, other_id, my_id, "phone")),
        ]
    words = app.translations.of("zh-CN")
    done = await asyncio.gather(
        *(merging.merge(app, keeper, offer, words, Visitor("", "")) for keeper, offer in offers), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Done", "MergeHeld"]
    [kept] = [one.member for one in done if isinstance(one, merging.Done)]
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT order_no, member_id FROM orders")
    assert {(row["order_no"], row["member_id"]) for row in rows} == {(number, kept.id) for number in placed}


async def test_a_new_mail_address_is_a_way_in_that_its_owner_hears_of(client: Client, app: Application) -> None:
    _, mine = await log_in(client, phone=MINE)
    mail = "lin@example.cn"
    body = {"email": mail, "code": await code(client, email=mail), "proof": await proof(client, mine, MINE)}
    assert (await send(client, "/api/v1/me/email", mine, body))[0] == 200
    async with app.database.connection() as connection:
        told = await connection.fetch("SELECT payload->>'what' AS what FROM events WHERE kind = 'members.secured'")
    assert [row["what"] for row in told] == ["email_added"]
    assert all(row["what"] in ALARMS for row in told)


@pytest.mark.parametrize(
    "text",
    ["a@b.cn\nBcc: c@d.cn", "a@b.cn\r\nX: 1", "a@b.cn,c@d.cn", "a@b.cn;c@d.cn", "<a@b.cn>", "a b@c.cn", "a@b.cn\x00"],
)
async def test_a_mail_address_carries_no_second_one_and_no_header(client: Client, text: str) -> None:
    status, answer = await send(client, "/api/v1/auth/codes", {}, {"email": text})
    assert (status, answer["error"]["field"]) == (422, "email")
