"""Reminders of a sale: once, in time, and switched without a script too."""

from __future__ import annotations

from datetime import timedelta

from flashsale.seckill import pages_store, reminders
from server.clock import now
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.reader import Reader, texts


async def test_a_reminder_goes_out_once_five_minutes_before_the_start(stage: Stage) -> None:
    at = now()
    soon = await stage.sale(title="快开抢的杯", starts_at=at + timedelta(minutes=4))
    later = await stage.sale(
        starts_at=at + timedelta(minutes=30), ends_at=at + timedelta(hours=1), sku_id=str(await stage.sku())
    )
    member, other = await stage.members(2)
    for item in (soon, later):
        for _ in range(2):
            answer = await stage.call("POST", f"/api/v1/flash-sales/{item}/reminder", member, {})
            assert (answer.status, answer.body) == (200, {"item_id": str(item), "on": True})
    assert "已设提醒" in texts(await Reader(stage, member).get(f"/flash-sales/{later}"))
    assert "已设提醒" not in texts(await Reader(stage, other).get(f"/flash-sales/{later}"))
    for _ in range(2):
        await reminders.send_due(stage.app)
    told = await stage.db.fetch("SELECT member_id, payload FROM member_notices WHERE kind = 'reminder'")
    assert [(row["member_id"], row["payload"]["item_id"]) for row in told] == [(member.id, str(soon))]
    assert told[0]["payload"]["title"] == "快开抢的杯"
    kept = await stage.db.fetch("SELECT member_id, kind, facts, link FROM messages")
    assert [(row["member_id"], row["kind"], row["link"]) for row in kept] == [
        (member.id, "flashsale.soon", f"/flash-sales/{soon}")
    ]
    assert kept[0]["facts"]["title"] == "快开抢的杯"


async def test_no_reminder_is_offered_that_would_come_too_late(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    soon, later = at + timedelta(minutes=4), at + timedelta(minutes=30)
    item = await stage.sale(starts_at=soon, ends_at=at + timedelta(hours=1))
    await stage.sale(starts_at=later, ends_at=at + timedelta(hours=1), sku_id=str(await stage.sku()))
    member = await stage.member()
    for who in (member, None):
        reader = Reader(stage, who)
        said = texts(await reader.get(f"/flash-sales?at={int(soon.timestamp())}"))
        assert "马上开抢" in said
        assert "提醒我" not in said
        said = texts(await reader.get(f"/flash-sales?at={int(later.timestamp())}"))
        assert "马上开抢" not in said
        assert "提醒我" in said
    assert "马上开抢，别走开" in texts(await Reader(stage, member).get(f"/flash-sales/{item}"))


async def test_reminders_are_switched_by_a_plain_form_too(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    item = await stage.sale(starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2))
    member = await stage.member()
    reader, path = Reader(stage, member), f"/flash-sales/{item}"
    answer = await reader.post(f"{path}/reminder", path, on="1", back="1700000000")
    assert (answer.status, answer.location) == (303, "/flash-sales?at=1700000000")
    async with stage.app.database.connection() as connection:
        assert await pages_store.reminded(connection, member.id, [item]) == {item}
    answer = await reader.post(f"{path}/reminder", path, on="0", back="//elsewhere.example")
    assert (answer.status, answer.location) == (303, path)
    async with stage.app.database.connection() as connection:
        assert await pages_store.reminded(connection, member.id, [item]) == set()
    gone = await stage.call("DELETE", f"/api/v1/flash-sales/{item}/reminder", member)
    assert (gone.status, gone.body["on"]) == (200, False)
    guest = await stage.call("POST", f"/api/v1/flash-sales/{item}/reminder", None, {})
    assert guest.status == 401
    assert (await stage.call("POST", "/api/v1/flash-sales/999999/reminder", member, {})).status == 404
    await stage.staff_call("POST", f"/{item}/end")
    assert (await stage.call("POST", f"/api/v1/flash-sales/{item}/reminder", member, {})).code == "ended"
