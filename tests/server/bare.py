"""A platform with a few routes of its own, to try what every route does."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient
from msgspec import Meta

from server.application import Application
from server.database import Connection
from server.errors import Conflict, Invalid
from server.http import Anyone, Body, Call, Identity, Kind, LoggedIn, Paging, Reply, Routes, StaffWith, View
from server.http.routes import Key
from server.http.web import web_app
from server.settings import Settings

Client = TestClient[Any, Any]


class Thing(Body, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=5)]
    count: Annotated[int, Meta(ge=1, le=10)] = 1


class Made(View, frozen=True):
    name: str
    by: str
    made: int


routes = Routes("test")


made = 0


@routes.post("/api/v1/test/things/{thing_id}", Anyone(), status=201)
async def make(call: Call, thing_id: int, body: Thing) -> Made:
    """Make a thing."""
    return Made(name=body.name, by=call.owner.partition(":")[0], made=thing_id)


@routes.post("/api/v1/test/orders", LoggedIn(), status=201, key=Key.REQUIRED)
async def order(call: Call, body: Thing) -> Reply:
    """Write a row and answer how many there are."""
    global made
    async with call.transaction() as connection:
        await connection.execute(
            "INSERT INTO job_failures (name, envelope, error) VALUES ($1, '{}', '')", f"order:{call.member.id}"
        )
        await asyncio.sleep(0.05)
        if body.name == "no":
            raise Conflict
        if body.name == "boom":
            raise ZeroDivisionError
        made += 1
        count = await connection.fetchval("SELECT count(*) FROM job_failures")
    return Reply(Made(name=body.name, by="", made=count), 201, {"Location": f"/api/v1/test/orders/{count}"})


@routes.get("/api/v1/test/list", StaffWith("things.view"))
async def things(call: Call, query: Paging) -> Made:
    """List things."""
    return Made(name=str(query.size), by=call.staff.name, made=query.offset)


@routes.post("/api/v1/test/address", Anyone(), limit="2/minute")
async def limited(call: Call) -> None:
    """Do what may be done twice a minute."""


@routes.post("/api/v1/test/field", Anyone())
async def field(call: Call) -> None:
    """Complain about a field."""
    raise Invalid("phone", "手机号不对")


@routes.post("/api/v1/test/slow", Anyone(), deadline=0.05)
async def slow(call: Call) -> None:
    """Take too long."""
    await asyncio.sleep(5)


@routes.post("/api/v1/test/nothing", LoggedIn(), key=Key.OWN)
async def nothing(call: Call) -> None:
    """Need nothing to be told."""


@pytest.fixture
async def bare(settings: Settings, aiohttp_client: Any) -> tuple[Application, Client]:
    app = Application(msgspec.structs.replace(settings, limits=True), ("server",))
    app.add(routes)

    async def people(connection: Connection, subject: int) -> Identity | None:
        return None if subject == 13 else Identity(kind=Kind.MEMBER, id=subject, name="小满")

    async def staff(connection: Connection, subject: int) -> Identity | None:
        held = frozenset({"things.view"} if subject == 1 else ())
        return Identity(kind=Kind.STAFF, id=subject, name="店长", permissions=held)

    app.directory(Kind.MEMBER, people)
    app.directory(Kind.STAFF, staff)
    return app, await aiohttp_client(web_app(app))


async def token(app: Application, kind: Kind, subject: int) -> str:
    async with app.database.transaction() as connection:
        return (await app.sessions.issue(connection, kind, subject, "", "")).token


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}
