"""Sale rooms: who watches hears what changes."""

from __future__ import annotations

import asyncio
from typing import Any

from flashsale.seckill import events, release
from realtime import Rooms
from tests.flashsale.seckill.conftest import Stage
from tests.realtime.conftest import Listener
from tests.waiting import until


async def guest(stage: Stage) -> Listener:
    """Return somebody who is connected without being logged in."""
    token = (await stage.call("POST", "/api/v1/realtime/tokens", headers={"Idempotency-Key": "t"})).body["token"]
    listener = Listener()
    await listener.connect(str(stage.client.make_url("/")).rstrip("/"), token)
    return listener


async def test_a_watcher_sees_the_sale_sell_out_and_come_back(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    herald = events.Herald()
    await herald.sweep(stage.app)
    watcher = await guest(stage)
    try:
        ack: Any = await watcher.client.call("watch", {"item_id": str(item_id)}, namespace="/member")
        assert ack["ok"]
        assert (ack["phase"], ack["stock_level"]) == ("running", "plenty")
        missing = await watcher.client.call("watch", {"item_id": "999999"}, namespace="/member")
        assert (missing["ok"], missing["code"]) == (False, "not_found")
        wrong = await watcher.client.call("watch", {"item_id": 5}, namespace="/member")
        assert (wrong["ok"], wrong["code"]) == (False, "invalid")
        await stage.won(item_id, await stage.member())
        await asyncio.sleep(0.25)
        await herald.sweep(stage.app)
        await until(lambda: watcher.of("flash_sale"))
        assert (watcher.of("flash_sale")[-1]["phase"], watcher.of("flash_sale")[-1]["stock_level"]) == (
            "sold_out",
            "out",
        )
        await stage.db.execute("UPDATE fs_reservations SET pay_before = now() - interval '1 second'")
        await release.sweep(stage.app)
        await asyncio.sleep(0.25)
        await herald.sweep(stage.app)
        await until(lambda: len(watcher.of("flash_sale")) == 2)
        assert watcher.of("flash_sale")[-1]["phase"] == "running"
        assert watcher.of("flash_sale")[-1]["item_id"] == str(item_id)
        await herald.sweep(stage.app)
        assert (await watcher.client.call("unwatch", {"item_id": str(item_id)}, namespace="/member"))["ok"]
        assert stage.app.resource(Rooms).count(events.room(item_id)) == 0
        assert len(watcher.of("flash_sale")) == 2
    finally:
        await watcher.client.disconnect()
