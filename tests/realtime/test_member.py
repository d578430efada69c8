"""/member: who is let in, what is answered, and notices that arrive once, in order, through everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from realtime import notices
from tests.realtime.conftest import Listener, Site
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]


async def notify(site: Site, member: int, *numbers: int) -> None:
    """Add notices in one transaction."""
    async with site.app.database.transaction() as connection:
        for number in numbers:
            await notices.add(connection, member, "order", {"order_no": str(number), "status": "paid"})


async def test_a_member_is_greeted_and_hears_notices_in_order(site: Site, listen: Listen) -> None:
    member = await listen(site, 7)
    await until(lambda: member.of("ready"))
    assert member.of("ready")[0]["seq"] == 0
    assert member.of("ready")[0]["epoch"]
    for number in range(5):
        await notify(site, 7, number)
    await notify(site, 8, 99)
    await until(lambda: len(member.of("order")) == 5)
    assert [(notice["seq"], notice["order_no"]) for notice in member.of("order")] == [
        (1, "0"), (2, "1"), (3, "2"), (4, "3"), (5, "4"),
    ]  # fmt: skip
