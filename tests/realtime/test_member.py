"""/member: who is let in, what is answered, and notices that arrive once, in order, through everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
import socketio

from realtime import VisitorKind, notices, store, tokens
from realtime.delivery import Delivery
from realtime.types import Head
from server.http import Kind
from tests.realtime.conftest import Listener, Site, forged
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


async def notify(site: Site, member: int, *numbers: int) -> None:
    """Add notices in one transaction."""
    async with site.app.database.transaction() as connection:
        for number in numbers:
            await notices.add(connection, member, "order", {"order_no": str(number), "status": "paid"})


def numbers(listener: Listener) -> list[tuple[int, str]]:
    return [(notice["seq"], notice["order_no"]) for notice in listener.of("order")]


async def refusal(site: Site, token: object) -> Any:
    listener = Listener()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await listener.connect(site.url, token)
    return listener.refusal


async def test_a_member_is_greeted_and_hears_notices_in_order(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    await until(lambda: member.of("ready"))
    assert member.of("ready")[0]["seq"] == 0
    assert member.of("ready")[0]["epoch"]
    for number in range(5):
        await notify(site, 7, number)
    await notify(site, 8, 99)
    await until(lambda: len(member.of("order")) == 5)
    assert numbers(member) == [(1, "0"), (2, "1"), (3, "2"), (4, "3"), (5, "4")]


async def test_every_socket_of_a_member_hears_in_whatever_process(site: Site, other: Site, listen: Listen) -> None:
    one, two = await listen(site, 7), await listen(other, 7)
    await notify(other, 7, 1, 2)
    await until(lambda: len(one.of("order")) == len(two.of("order")) == 2)
    assert numbers(one) == numbers(two) == [(1, "1"), (2, "2")]


async def test_whatever_ends_the_listening_it_begins_again(
    site: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, refused = asyncpg.connect, list[str]()

    async def refuse_once(*given: Any, **named: Any) -> Any:
        if not refused:
            refused.append("refused")
            raise asyncpg.exceptions.InvalidPasswordError("it is being changed")
        return await connect(*given, **named)

    monkeypatch.setattr("realtime.delivery.asyncpg.connect", refuse_once)
    delivery = Delivery(site.app)
    running = asyncio.create_task(delivery.run())
    try:
        await until(lambda: delivery.listening)
        assert refused
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_notice_that_cannot_be_passed_on_holds_up_no_other(
    site: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await listen(site, 7)
    told, failed = notices.told, 0

    def fail_once(*given: Any) -> Any:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise ValueError("a defect")
        return told(*given)

    monkeypatch.setattr(notices, "told", fail_once)
    await until(lambda: phone.of("ready"))
    await notify(site, 7, 1)
    await notify(site, 7, 2)
    await until(lambda: len(phone.of("order")) == 2)
    assert numbers(phone) == [(1, "1"), (2, "2")]


async def test_what_was_rolled_back_was_never_told(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    async with site.app.database.connection() as connection, connection.transaction():
        await notices.add(connection, 7, "order", {"order_no": "1"})
        await connection.execute("SAVEPOINT here")
        await notices.add(connection, 7, "order", {"order_no": "0"})
        await connection.execute("ROLLBACK TO here")
    await notify(site, 7, 2)
    await until(lambda: len(member.of("order")) == 2)
    assert numbers(member) == [(1, "1"), (2, "2")]


async def test_many_writers_leave_no_gap(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    await asyncio.gather(*(notify(site, 7, number) for number in range(40)))
    await until(lambda: len(member.of("order")) == 40)
    assert [seq for seq, _ in numbers(member)] == list(range(1, 41))
    assert {number for _, number in numbers(member)} == {str(number) for number in range(40)}


async def test_a_notice_too_long_to_be_announced_arrives_all_the_same(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    async with site.app.database.transaction() as connection:
        await notices.add(connection, 7, "order", {"order_no": "凌" * 6000})
        await notices.add(connection, 7, "order", {"order_no": "2"})
    await until(lambda: len(member.of("order")) == 2)
    assert numbers(member) == [(1, "凌" * 6000), (2, "2")]


async def test_a_client_that_was_away_gets_the_rest_by_sync(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    await notify(site, 7, 1, 2)
    await until(lambda: len(member.of("order")) == 2)
    epoch = member.of("ready")[0]["epoch"]
    await member.client.disconnect()
    await notify(site, 7, *range(3, 453))
    back = await listen(site, 7)
    await until(lambda: back.of("ready"))
    assert back.of("ready")[0] == {"epoch": epoch, "seq": 452}
    got: list[int] = []
    at, more, calls = 2, True, 0
    while more:
        page = await back.ask("sync", {"epoch": epoch, "seq": at})
        assert page["ok"]
        assert len(page["events"]) <= 200
        assert page["epoch"] == epoch
        assert not page["reset"]
        got += [event["seq"] for event in page["events"]]
        assert all(event["kind"] == "order" and event["order_no"] for event in page["events"])
        at, more, calls = page["seq"], page["more"], calls + 1
    assert got == list(range(3, 453))
    assert calls == 3
    assert not back.of("order")


SEEN: list[tuple[dict[str, Any], int | None, bool]] = [
    ({}, 1, False),
    ({"epoch": "", "seq": 0}, 1, False),
    ({"epoch": None, "seq": 0}, 1, False),
    ({"epoch": "another", "seq": 1}, 1, True),
    ({"epoch": "ours", "seq": 9}, 1, True),
    ({"epoch": "ours", "seq": 1}, 2, False),
    ({"epoch": "ours", "seq": 3}, None, False),
]


async def test_sync_says_when_the_rest_does_not_follow(site: Site, listen: Listen) -> None:
    await notify(site, 7, 1, 2, 3)
    member = await listen(site, 7)
    epoch = member.of("ready")[0]["epoch"]
    for seen, first, reset in SEEN:
        page = await member.ask("sync", seen | ({"epoch": epoch} if seen.get("epoch") == "ours" else {}))
        assert [event["seq"] for event in page["events"]] == ([] if first is None else list(range(first, 4))), seen
        assert (page["epoch"], page["seq"], page["more"], page["reset"]) == (epoch, 3, False, reset), seen


async def test_sync_says_when_what_was_missed_is_no_longer_kept(site: Site, listen: Listen) -> None:
    await notify(site, 7, 1, 2, 3, 4)
    async with site.app.database.transaction() as connection:
        await connection.execute("UPDATE member_notices SET at = now() - interval '15 days' WHERE seq < 4")
    await notices.tidy(site.app)
    member = await listen(site, 7)
    await until(lambda: member.of("ready"))
    epoch = member.of("ready")[0]["epoch"]
    for seen in (0, 1):  # 0: it was there before the first one, and would ask for that again and again
        page = await member.ask("sync", {"epoch": epoch, "seq": seen})
        assert (page["reset"], [event["seq"] for event in page["events"]]) == (True, [4])
    page = await member.ask("sync", {"epoch": epoch, "seq": 3})
    assert (page["reset"], [event["seq"] for event in page["events"]]) == (False, [4])


async def test_nothing_is_lost_while_postgresql_does_not_call(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    await notify(site, 7, 1)
    await until(lambda: member.of("order"))
    async with site.app.database.connection() as connection:
        ended = await connection.fetchval(
            """
            SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'
            """
        )
    assert ended == 1
    await notify(site, 7, 2, 3)
    await until(lambda: len(member.of("order")) == 3, 10)
    await notify(site, 7, 4)
    await until(lambda: len(member.of("order")) == 4)
    assert [seq for seq, _ in numbers(member)] == [1, 2, 3, 4]


async def test_who_is_told_while_the_head_is_read_is_not_sent_back(
    site: Site, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await listen(site, 7)
    await notify(site, 7, 1)
    await until(lambda: member.of("order"))
    read = store.head

    async def slow(connection: Any, member_id: int) -> Head:
        found = await read(connection, member_id)
        await notify(site, 7, 2)
        await until(lambda: len(member.of("order")) == 2)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "head", slow)
        async with site.app.database.connection() as connection:
            await site.app.resource(Delivery)._catch_up(connection, 7)
    await notify(site, 7, 3)
    await until(lambda: len(member.of("order")) == 3)
    assert [seq for seq, _ in numbers(member)] == [1, 2, 3]
    assert len(member.of("ready")) == 1


async def test_a_new_epoch_is_announced(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    await notify(site, 7, 1)
    await until(lambda: member.of("order"))
    async with site.app.database.transaction() as connection:
        await connection.execute("UPDATE member_notice_heads SET epoch = 'restored', seq = 0")
        await connection.execute("DELETE FROM member_notices")
    await notify(site, 7, 5)
    await until(lambda: len(member.of("ready")) == 2)
    assert member.of("ready")[1] == {"epoch": "restored", "seq": 1}


async def test_guests_are_let_in_and_told_nothing_of_members(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    await until(lambda: guest.of("ready"))
    assert guest.of("ready") == [{"epoch": "", "seq": 0}]
    page = await guest.ask("sync", {"epoch": "", "seq": 0})
    assert page == {"ok": True, "epoch": "", "seq": 0, "events": [], "more": False, "reset": False}
    assert (await guest.ask("watch", {"item_id": "5"}))["visitor"] == "guest"


async def test_tokens_that_open_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: tuple[object, ...] = (None, "", 5, [], "nonsense", "A" * 500, "凌峰", forged(7))
    for token in wrong:
        assert (await refusal(site, token))["data"]["code"] == "token_invalid", token
    genuine = await site.token(await site.session(7))
    assert (await refusal(site, genuine[:-4] + "AAAA"))["data"]["code"] == "token_invalid"
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "LIFETIME", -1)
        expired = await site.token()
    told = await refusal(site, expired)
    assert told == {"message": "连接令牌无效，请重新获取", "data": {"code": "token_invalid"}}


async def test_a_token_opens_one_connection_in_whatever_process(site: Site, other: Site) -> None:
    token = await site.token(await site.session(7))
    first = Listener()
    await first.connect(site.url, token)
    assert (await refusal(other, token))["data"]["code"] == "token_invalid"
    await first.client.disconnect()
    assert (await refusal(site, token))["data"]["code"] == "token_invalid"


async def test_two_at_once_with_one_token_are_one(site: Site) -> None:
    token = await site.token()
    pair = [Listener(), Listener()]
    results = await asyncio.gather(*(one.connect(site.url, token) for one in pair), return_exceptions=True)
    assert sorted(result is None for result in results) == [False, True]
    for one in pair:
        await one.client.disconnect()


async def test_a_token_dies_with_its_session(site: Site) -> None:
    bearer = await site.session(7)
    token = await site.token(bearer)
    async with site.app.database.transaction() as connection:
        await site.app.sessions.revoke_all(connection, Kind.MEMBER, 7)
    assert (await refusal(site, token))["data"]["code"] == "token_invalid"


async def test_staff_are_not_members(site: Site) -> None:
    from realtime import Visitor

    token, _ = tokens.issue(site.app.settings.secret, Visitor(kind=VisitorKind.STAFF, id=1))
    assert (await refusal(site, token))["data"]["code"] == "forbidden"


async def test_nobody_is_let_in_while_postgresql_is_away(site: Site) -> None:
    token = await site.token()
    await site.app.database.close()
    site.app.database.url = "postgresql://127.0.0.1:1/nowhere"
    told = await refusal(site, token)
    assert told["data"]["code"] == "unavailable"
    assert told["data"]["retry_after"] >= 1


@pytest.mark.parametrize("everywhere", [True, False])
async def test_the_sockets_of_an_ended_session_are_closed(
    site: Site, other: Site, listen: Listen, everywhere: bool
) -> None:
    mine, theirs, guest = await listen(other, 7), await listen(other, 8), await listen(other)
    await until(lambda: mine.of("ready"))
    async with site.app.database.transaction() as connection:
        if everywhere:
            await site.app.sessions.revoke_all(connection, Kind.MEMBER, 7)
        else:
            digest = await connection.fetchval("SELECT digest FROM sessions WHERE subject_id = 7")
            await site.app.sessions.revoke(connection, digest)
    await until(lambda: mine.of("closed"), 5)
    assert mine.of("closed") == [{"code": "session_ended"}]
    await until(lambda: not mine.client.connected, 5)
    await notify(site, 8, 1)
    await until(lambda: theirs.of("order"))
    assert guest.client.connected


async def test_the_statements_fit_the_schema(database_url: str) -> None:
    connection: Any = await asyncpg.connect(database_url)
    try:
        assert await store.heads(connection, [1, 2]) == {}
        await store.drop_tokens(connection)
    finally:
        await connection.close()
