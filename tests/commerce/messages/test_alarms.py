"""What happens to an account is told at once, whatever its member switched off."""

from __future__ import annotations

import pytest

from commerce.members.types import Secured
from commerce.messages.alarms import ALARMS, sound
from commerce.messages.types import Quiet
from server.events import publish
from server.settings import Settings
from tests.commerce.messages.conftest import PHONE, Centre
from tests.commerce.orders.market import until, working


async def test_a_new_device_is_told_in_the_night_too(centre: Centre, settings: Settings) -> None:
    await centre.choose(quiet=Quiet(on=True, start="00:00", end="23:59"))
    async with centre.app.database.transaction() as connection:
        event = Secured(member_id=centre.member_id, what="new_device", device="Chrome · Windows", address="203.0.113.7")
        await publish(connection, event)
    async with working(settings):

        async def heard() -> object:
            return await centre.inbox()

        await until(heard)
    assert "Chrome · Windows 203.0.113.7" in (await centre.inbox(PHONE))[0]
    [message] = (await centre.call("GET", ""))[1]["items"]
    assert (message["kind"], message["category"]) == ("security.new_device", "system")


@pytest.mark.parametrize("what", sorted(ALARMS))
async def test_each_is_told_once(centre: Centre, what: str) -> None:
    for _ in range(2):
        async with centre.app.database.transaction() as connection:
            await sound(centre.app, connection, Secured(member_id=centre.member_id, what=what), 7)
    [message] = (await centre.call("GET", ""))[1]["items"]
    assert message["kind"] == f"security.{what}"
    assert "{" not in message["text"]
