"""The document says what the routes are, all of them, in a form that tools accept; the page can be read."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from aiohttp.test_utils import TestClient
from msgspec import Meta
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.application import Application
from server.errors import Conflict
from server.http import (
    Anyone,
    Body,
    Call,
    Id,
    Listing,
    LoggedIn,
    Paging,
    Reply,
    Routes,
    StaffWith,
    View,
    openapi,
    openapi_page,
)
from server.http.routes import Key
from server.http.web import web_app
from server.settings import Settings

Client = TestClient[Any, Any]


class SoldOut(Conflict):
    """Nothing is left."""

    code, message = "sold_out", "已抢光，还剩 {left} 件未付款"


class Take(Body, frozen=True):
    quantity: Annotated[int, Meta(ge=1, le=5)]
    note: str = ""


class Taken(View, frozen=True):
    thing_id: Id


class Waiting(View, frozen=True):
    place: int


class Search(Paging, frozen=True, kw_only=True):
    word: Annotated[str, Meta(max_length=10)]


routes = Routes("things")


@routes.get("/api/v1/things", StaffWith("things.view"))
async def search(call: Call, query: Search) -> Listing[Taken]:
    """Search things."""
    raise NotImplementedError


@routes.post(
    "/api/v1/things/{thing_id}/take", LoggedIn(), status=201, key=Key.REQUIRED, also={202: Waiting}, errors=(SoldOut,)
)
async def take(call: Call, thing_id: int, body: Take) -> Taken:
    """Take a thing."""
    raise NotImplementedError


@routes.delete("/api/v1/things/{name}", LoggedIn(), status=204)
async def forget(call: Call, name: str) -> None:
    """Forget a thing."""


@routes.post("/api/v1/things/fast", LoggedIn(), key=Key.DEMANDED, raw=True, also={201: Taken})
@openapi.reads(Take)
async def fast(app: Application, request: Any) -> Any:
    """Take a thing on the short way."""


@routes.post("/api/v1/things", Anyone(), limit="3/minute")
async def guess(call: Call) -> Reply:
    """Guess."""
    raise NotImplementedError


@pytest.fixture
def described(settings: Settings) -> dict[str, Any]:
    app = Application(settings, ("server", "realtime"))
    app.add(routes)
    return openapi.document(app)


def test_the_document_is_valid(described: dict[str, Any]) -> None:
    errors = list(OpenAPIV31SpecValidator(described).iter_errors())
    assert not errors


def test_the_whole_platform_is_in_it_and_valid(app: Application) -> None:
    made = openapi.document(app)
    errors = list(OpenAPIV31SpecValidator(made).iter_errors())
    assert not errors
    described = {(method.upper(), path) for path, operations in made["paths"].items() for method in operations}
    declared = {(route.method, route.path) for route in app.routes if route.path.startswith("/api/v1/")}
    assert declared
    assert described == declared
    names = {tag["name"] for tag in made["tags"]}
    assert {"flash sales", "back office: flash sales", "back office: products"} <= names
    assert not [name for name in names if "-" in name]
    desks = {operation["tags"][0] for path in made["paths"] if "/backoffice/" in path
             for operation in made["paths"][path].values()}  # fmt: skip
    assert all(desk.startswith("back office: ") for desk in desks)
    shown = [operation for _, operations in openapi_page.groups(made) for operation in operations]
    assert {(operation["method"], operation["path"]) for operation in shown} == declared
    assert all(operation["summary"] for operation in shown)


def test_a_route_is_described_with_all_that_it_declares(described: dict[str, Any]) -> None:
    operation = described["paths"]["/api/v1/things/{thing_id}/take"]["post"]
    assert operation["security"] == [{"member_bearer": []}, {"member_cookie": [], "csrf": []}]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert parameters["thing_id"]["schema"]["pattern"] == "^[0-9]{1,18}$"
    assert parameters["Idempotency-Key"]["required"] is True
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Take"}
    assert described["components"]["schemas"]["Take"]["additionalProperties"] is False
    assert set(operation["responses"]) == {"201", "202", "400", "401", "403", "404", "409", "413", "415", "422", "503"}
    assert operation["responses"]["202"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Waiting"
    }
    refused = operation["responses"]["409"]
    assert refused["description"] == "sold_out"
    example = refused["content"]["application/json"]["examples"]["sold_out"]["value"]
    assert example == {"error": {"code": "sold_out", "message": "已抢光，还剩 … 件未付款"}}
    assert "idempotency_mismatch" in operation["responses"]["422"]["description"]
    assert operation["responses"]["503"]["headers"]["Retry-After"]


def test_access_query_limits_and_raw_routes(described: dict[str, Any]) -> None:
    listed = described["paths"]["/api/v1/things"]["get"]
    assert listed["x-permission"] == "things.view"
    assert listed["security"] == [{"staff_bearer": []}, {"staff_cookie": []}]
    names = {parameter["name"]: parameter["required"] for parameter in listed["parameters"]}
    assert names == {"page": False, "size": False, "word": True}
    assert "Search" not in described["components"]["schemas"]
    guessed = described["paths"]["/api/v1/things"]["post"]
    assert guessed["security"][0] == {}
    assert "429" in guessed["responses"]
    assert "content" not in described["paths"]["/api/v1/things/{name}"]["delete"]["responses"]["204"]
    quick = described["paths"]["/api/v1/things/fast"]["post"]
    assert quick["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Take"}
    assert any(p["name"] == "Idempotency-Key" and p["required"] for p in quick["parameters"])
    assert "200" not in quick["responses"]


async def test_document_and_page_are_served_in_the_readers_language(settings: Settings, aiohttp_client: Any) -> None:
    app = Application(settings, ("server", "realtime"))
    app.add(routes)
    client = await aiohttp_client(web_app(app))
    response = await client.get("/api/v1/openapi.json")
    assert response.status == 200
    served = await response.json()
    assert served["openapi"] == "3.1.0"
    page = await client.get("/api/docs")
    text = await page.text()
    assert page.status == 200
    for path in (
        "/api/v1/things/{thing_id}/take",
        "/api/v1/realtime/tokens",
        "sold_out",
        "Idempotency-Key",
        "things.view",
    ):
        assert path in text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    # The title comes first, and every link of the list leads to a group: addresses have no blanks.
    assert text.index("<h1>") < text.index('class="api-nav"')
    ids = re.findall(r' id="([^"]*)"', text)
    links = re.findall(r'<a href="#([^"]*)"><span lang="en">', text)
    assert links
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))
    assert not [one for one in ids if re.search(r"[^\w-]", one)]
    # What stands in English on the Chinese page is marked as English, and the page says so.
    assert "是英文" in text
    english = await (await client.get("/api/docs", headers={"Accept-Language": "en"})).text()
    assert "是英文" not in english
    assert 'class="said" lang="en"' in english
