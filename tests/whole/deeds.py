"""Writes of staff, each held to the record that it leaves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import commerce
from server.http.access import StaffWith
from server.http.routes import Route
from tests.flashsale.seckill.conftest import Member
from tests.whole.bodies import bodies, forms
from tests.whole.world import Heard, World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


WITHOUT = {
    "POST /api/v1/backoffice/pictures": "a file that nobody sees until a product shows it, which is recorded",
    "POST /api/v1/backoffice/videos": "the same",
    "POST /api/v1/backoffice/product-files": "a draft: what it does is recorded when it is begun",
    "POST /backoffice/product-files": "the same",
    "POST /backoffice/batches": "the same",
    "POST /backoffice/batches/{batch_id}": "the same",
    "POST /backoffice/batches/{batch_id}/undo": "the same",
    "POST /api/v1/staff/me/otp": "a secret that waits: taking it up is recorded",
    "POST /backoffice/security/otp": "the same",
}
"""Writes that leave no record, and why."""


_keys = itertools.count(1)


class Walk:
    """Somebody who does things, each at least once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes = {
            one.name: one for one in world.app.routes if one.method != "GET" and isinstance(one.access, StaffWith)
        }
        self.done: set[str] = set()
        self.deeds: set[tuple[str, str]] = set()

    async def records(self) -> int:
        """Return how many records there are."""
        return int(await self.world.db.fetchval("SELECT count(*) FROM staff_audit"))

    async def did(
        self, name: str, *, json: Any = None, form: dict[str, str] | None = None, who: Member | None = None, **ids: Any
    ) -> Heard:
        """Do something, and hold it to having left a record of who did it and where from."""
        route: Route = self.routes[name]
        world, before = self.world, await self.records()
        actor = who or world.staff
        headers = {"Idempotency-Key": f"audit-{next(_keys)}", **actor.headers}
        path = world.path(route, **ids)
        if route.page:
            form = form if form is not None else forms(world).get(name, {})
            self.deeds.add((name, form.get("do", "")))
            data = urlencode(form)
            answer = await world.ask(route.method, path, {**headers, **FORM}, data=data)
        else:
            body = json if json is not None else bodies(world).get(name)
            answer = await world.ask(route.method, path, headers, json=body)
        assert answer.status < 400, (name, answer.status, answer.text[:1500])
        self.done.add(name)
        if name not in WITHOUT:
            assert await self.records() > before, f"{name} left no record"
            last = await world.db.fetchrow(
                "SELECT staff_id, address, request_id, object_kind, object_id FROM staff_audit ORDER BY id DESC LIMIT 1"
            )
            assert last["staff_id"] == actor.id, name
            assert last["address"] == "127.0.0.1", name
            assert last["request_id"], name
            assert last["object_kind"], name
            assert last["object_id"], name
        return answer


def offered(routes: Iterable[str]) -> set[tuple[str, str]]:
    """Return what the forms of one route offer to do, where they offer several things, by route and ``do``."""
    by_place = {re.sub(r"{\w+}", "{}", name): name for name in routes}
    found = set()
    for template in Path(commerce.__file__).parent.glob("*/templates/**/*.html"):
        for action, inside in re.findall(r'<form[^>]*?action="(/[^"]+)"(.*?)</form>', template.read_text(), re.DOTALL):
            place = "POST " + re.sub(r"{{.*?}}", "{}", action.partition("?")[0])
            deeds = re.findall(r'name="do" value="(\w+)"', inside)
            found |= {(by_place[place], deed) for deed in deeds if place in by_place}
    return found


def led_to(answer: Heard, pattern: str) -> int:
    """Return the id in the address that a form led to."""
    found = re.search(pattern, answer.headers["Location"])
    assert found, answer.headers["Location"]
    return int(found[1])
