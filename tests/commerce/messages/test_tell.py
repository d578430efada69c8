"""What a member is told, by which ways, when, and how often."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import structlog

from commerce.courier import Channel, Couriers
from commerce.messages import Messages, Telling, mark, tell, tell_all
from commerce.messages.deliver import deliver, tidy
from commerce.messages.quiet import rest
from commerce.messages.tell import Deliver
from commerce.messages.types import Channels, MessageKind, Quiet, Switches
from realtime import notices
from realtime.types import Sync
from server import worker
from server.application import build
from server.clock import now, shanghai
from server.features import FEATURES
from server.i18n import Translations
from server.jobs import Again
from server.settings import Settings
from tests.commerce.messages.conftest import ALARM, ALL, AWAKE, MAIL, PAID, SALE, Broken, Centre


def night() -> Quiet:
    """Quiet hours that began an hour ago and have an hour to go."""
    start, end = (shanghai(now() + timedelta(hours=hours)).strftime("%H:%M") for hours in (-1, 1))
    return Quiet(on=True, start=start, end=end)


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    app, stop = build(settings), asyncio.Event()
    app.resource(Messages).kind(PAID, SALE, ALARM)
    task = asyncio.create_task(worker.run(app, stop))
    yield
    stop.set()
    await asyncio.wait_for(task, 15)


async def pushes(centre: Centre) -> list[dict[str, Any]]:
    async with centre.app.database.connection() as connection:
        return list((await notices.since(connection, centre.member_id, Sync())).events)


async def test_a_message_lies_in_the_list_and_goes_by_sms_and_mail(centre: Centre, settings: Settings) -> None:
    assert await centre.tell(PAID, {"order_no": "42"}, link="/orders/42", dedupe="order:42")
    assert await centre.tell(PAID, {"order_no": "42"}, link="/orders/42", dedupe="order:42") is None
    status, body = await centre.call("GET", "")
    assert (status, body["total"]) == (200, 1)
    assert [body["items"][0][name] for name in ("title", "text", "link", "read")] == [
        "付款成功", "订单 42 已付款", "/orders/42", False,
    ]  # fmt: skip
    [pushed] = await pushes(centre)
    assert (pushed["category"], pushed["unread"]) == ("order", 1)
    async with working(settings):
        await centre.sent(2)
    assert await centre.inbox() == [f"【凌峰】订单 42 已付款 {settings.base_url}/orders/42"]
    assert await centre.inbox(MAIL) == [f"【凌峰】付款成功\n\n订单 42 已付款\n\n{settings.base_url}/orders/42"]


async def test_nothing_is_heard_of_a_transaction_that_was_taken_back(centre: Centre) -> None:
    async with centre.app.database.connection() as connection:
        undone: Any = connection.transaction()
        await undone.start()
        assert await tell(connection, centre.member_id, PAID, {"order_no": "1"})
        await undone.rollback()
    assert (await centre.call("GET", "/unread"))[1]["total"] == 0
    assert await centre.value("SELECT count(*) FROM message_deliveries") == 0


async def test_two_at_once_tell_once(centre: Centre) -> None:
    told = await asyncio.gather(*[centre.tell(PAID, {"order_no": "7"}, dedupe="order:7") for _ in range(5)])
    assert len([one for one in told if one is not None]) == 1
    assert len(await pushes(centre)) == 1


async def test_values_that_do_not_fill_the_texts_are_a_mistake(centre: Centre) -> None:
    with pytest.raises(ValueError, match="order_no"):
        await centre.tell(PAID)
    with pytest.raises(ValueError, match="declared twice"):
        centre.app.resource(Messages).kind(PAID)
    with pytest.raises(ValueError, match="example"):
        centre.app.resource(Messages).kind(msgspec.structs.replace(PAID, code="test.other", example={}))


async def test_what_is_switched_off_does_not_come(centre: Centre, settings: Settings) -> None:
    await centre.choose(quiet=AWAKE, channels=Channels(promotion=Switches(in_app=False, sms=True, email=False)))
    assert await centre.tell(SALE, {"title": "杯"}, dedupe="sale")
    assert (await centre.call("GET", ""))[1]["total"] == 0
    assert await pushes(centre) == []
    async with working(settings):
        await centre.sent(1)
    assert await centre.inbox() == ["【凌峰】杯 开抢"]
    await centre.choose(quiet=AWAKE, muted=["test.sale"], channels=Channels(promotion=ALL))
    assert await centre.tell(SALE, {"title": "杯"}, dedupe="another") is None


async def test_promotion_goes_by_sms_to_those_alone_who_said_so(centre: Centre) -> None:
    await centre.tell(SALE, {"title": "杯"})
    assert await centre.value("SELECT count(*) FROM message_deliveries") == 0
    assert (await centre.call("GET", "/unread"))[1]["promotion"] == 1


async def test_quiet_hours_hold_back_sms_and_promotion_but_no_alarm(centre: Centre) -> None:
    await centre.choose(quiet=night(), channels=Channels(promotion=ALL))
    order, sale = await centre.tell(PAID, {"order_no": "1"}), await centre.tell(SALE, {"title": "杯"})
    alarm = await centre.tell(ALARM)
    assert order
    assert sale
    assert alarm
    assert (await centre.call("GET", ""))[1]["total"] == 3, "the list has all of them at once"
    assert [one["category"] for one in await pushes(centre)] == ["order", "system"], "no push of promotion at night"
    for job in (Deliver(order, "sms"), Deliver(sale, "push"), Deliver(sale, "sms")):
        with pytest.raises(Again) as again:
            await deliver(centre.app, job)
        assert 0 < again.value.delay <= 3600
    await deliver(centre.app, Deliver(alarm, "sms"))
    assert await centre.inbox() == ["【凌峰】密码改了"]
    held = await centre.value("SELECT count(*) FROM pgqueuer WHERE execute_after > now() + interval '30 seconds'")
    assert held == 4, "order by sms and mail, sale by push and sms wait in the queue"
    await centre.choose(quiet=AWAKE, channels=Channels(promotion=ALL))
    for job in (Deliver(order, "sms"), Deliver(sale, "push"), Deliver(sale, "sms")):
        await deliver(centre.app, job)
        await deliver(centre.app, job)
    assert await centre.inbox() == ["【凌峰】杯 开抢", "【凌峰】订单 1 已付款", "【凌峰】密码改了"]
    assert [one["category"] for one in await pushes(centre)] == ["order", "system", "promotion"]


@pytest.mark.parametrize(
    ("local", "quiet", "hours"),
    [
        ("22:00", Quiet(), 10.0),
        ("07:59", Quiet(), 1 / 60),
        ("08:00", Quiet(), 0.0),
        ("21:59", Quiet(), 0.0),
        ("00:00", Quiet(), 8.0),
        ("13:00", Quiet(start="12:00", end="14:00"), 1.0),
        ("14:00", Quiet(start="12:00", end="14:00"), 0.0),
        ("03:00", Quiet(start="08:00", end="08:00"), 0.0),
        ("23:00", Quiet(on=False), 0.0),
    ],
)
def test_quiet_hours_are_shanghais(local: str, quiet: Quiet, hours: float) -> None:
    hour, minute = map(int, local.split(":"))
    moment = datetime(2026, 11, 22, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    assert rest(quiet, moment) == pytest.approx(hours * 3600)


async def test_what_comes_too_late_is_dropped_with_its_reason(centre: Centre) -> None:
    await centre.choose(quiet=AWAKE, channels=Channels(promotion=ALL))
    told = await centre.tell(SALE, {"title": "杯"}, until=now() - timedelta(seconds=1))
    old = await centre.tell(PAID, {"order_no": "1"})
    assert told
    assert old
    await centre.run("UPDATE messages SET created_at = now() - interval '3 days' WHERE id = $1", old)
    await deliver(centre.app, Deliver(told, "sms"))
    await deliver(centre.app, Deliver(old, "sms"))
    assert await centre.inbox() == []
    assert await centre.value("SELECT count(*) FROM message_deliveries WHERE dropped = 'too late'") == 2


async def test_who_is_banned_or_has_no_address_is_sent_nothing(centre: Centre) -> None:
    told = await centre.tell(PAID, {"order_no": "1"})
    assert told
    await centre.run("UPDATE members SET email = NULL")
    with structlog.testing.capture_logs() as said:
        await deliver(centre.app, Deliver(told, "email"))
        await centre.run("UPDATE members SET status = 'banned'")
        await deliver(centre.app, Deliver(told, "sms"))
    assert {line["log_level"] for line in said} == {"debug"}, "a hundred orders' members without mail fill no console"
    reasons = await centre.value("SELECT array_agg(dropped ORDER BY dropped) FROM message_deliveries")
    assert reasons == ["no address", "no such member"]
    assert await centre.inbox() + await centre.inbox(MAIL) == []


async def test_a_courier_that_is_down_loses_nothing(centre: Centre, settings: Settings) -> None:
    app, stop = build(settings), asyncio.Event()
    app.resource(Messages).kind(PAID, SALE, ALARM)
    broken = Broken(times=2)
    app.resource(Couriers).register(Channel.SMS, broken)
    task = asyncio.create_task(worker.run(app, stop))
    try:
        await centre.tell(PAID, {"order_no": "9"})
        await centre.sent(2)
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)
    assert len(broken.carried) == 1
    assert "订单 9 已付款" in broken.carried[0]


async def test_sms_speaks_the_language_that_was_chosen(centre: Centre) -> None:
    await centre.choose(quiet=AWAKE, language="en")
    told = await centre.tell(PAID, {"order_no": "1"})
    assert told
    await deliver(centre.app, Deliver(told, "sms"))
    assert (await centre.inbox())[0].startswith("[Lingfeng] ")


def test_every_kind_says_it_in_both_languages(centre: Centre) -> None:
    english = Translations(FEATURES).english.texts
    kinds: list[MessageKind] = [kind for kind in centre.app.resource(Messages) if not kind.code.startswith("test.")]
    assert kinds
    left = [text for kind in kinds for text in (kind.title, kind.text, kind.switch) if text and text not in english]
    assert not left


async def test_old_messages_are_removed_with_their_deliveries(centre: Centre) -> None:
    await centre.tell(PAID, {"order_no": "1"})
    await centre.tell(PAID, {"order_no": "2"})
    await centre.run("UPDATE messages SET created_at = now() - interval '181 days' WHERE facts ->> 'order_no' = '1'")
    await tidy(centre.app)
    assert await centre.value("SELECT count(*) FROM messages") == 1
    assert await centre.value("SELECT count(*) FROM message_deliveries") == 2


async def test_of_two_who_tell_at_once_the_second_counts_both(centre: Centre) -> None:
    """Told in two transactions that overlap, a member's page must not end with a figure that is short by one."""
    first = centre.app.database.transaction()
    connection = await first.__aenter__()
    await tell(connection, centre.member_id, PAID, {"order_no": "1"})
    second = asyncio.create_task(centre.tell(PAID, {"order_no": "2"}))
    await asyncio.sleep(0.3)  # long enough to reach what the first holds; shorter the test could only pass
    assert not second.done()
    await first.__aexit__(None, None, None)
    await second
    async with centre.app.database.connection() as connection:
        rows = await connection.fetch("SELECT payload->>'unread' AS unread FROM member_notices ORDER BY seq")
    assert [row["unread"] for row in rows] == ["1", "2"]


async def test_what_is_read_meanwhile_is_not_counted_as_unread(centre: Centre) -> None:
    await centre.tell(PAID, {"order_no": "1"})
    async with centre.app.database.transaction() as connection:
        await mark.read(connection, centre.member_id)
        telling = asyncio.create_task(centre.tell(PAID, {"order_no": "2"}))
        await asyncio.sleep(0.3)
        assert not telling.done()
    await telling
    async with centre.app.database.connection() as connection:
        rows = await connection.fetch("SELECT payload->>'unread' AS unread FROM member_notices ORDER BY seq")
    assert [row["unread"] for row in rows] == ["1", "1"]


async def test_many_are_told_in_a_bounded_number_of_statements(centre: Centre) -> None:
    """Whether ten members hear of a fall of price, or a thousand; one who is told twice at once hears both."""
    async with centre.app.database.transaction() as connection:
        ids = [
            row["id"]
            for row in await connection.fetch(
                """
                INSERT INTO members (phone, nickname)
                SELECT '1' || n, '乙' FROM generate_series(5000000001, 5000000060) AS n RETURNING id
                """
            )
        ]
    asked: list[str] = []

    async def told(members: list[int], number: int) -> int:
        asked.clear()
        tellings = [
            Telling(member_id=one, values={"order_no": str(number)}, dedupe=f"{number}:{place}")
            for place, one in enumerate(members)
        ]
        async with centre.app.database.transaction() as connection:
            raw: Any = connection
            with raw.query_logger(lambda record: asked.append(record.query)):
                assert len(await tell_all(connection, PAID, tellings)) == len(members)
        return len(asked)

    few = await told(ids[:3], 1)
    assert await told(ids, 2) <= few  # the first also asks about types
    await told([ids[0], ids[1], ids[0]], 3)
    async with centre.app.database.connection() as connection:
        rows = await connection.fetch("SELECT seq FROM member_notices WHERE member_id = $1 ORDER BY seq", ids[0])
        assert [row["seq"] for row in rows] == [1, 2, 3, 4]
        assert await connection.fetchval("SELECT count(*) FROM message_deliveries") == 2 * (3 + 60 + 3)
