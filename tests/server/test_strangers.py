"""What strangers may send: bytes that are no text, names that no file has, ways that lead elsewhere."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, make_mocked_request
from multidict import CIMultiDict

from server.http.proxies import Proxies, is_loopback, network_of

Client = TestClient[Any, Any]


async def ask(client: Client, line: str, headers: dict[str, bytes], body: bytes = b"") -> tuple[int, bytes]:
    """Send a request byte by byte, as client libraries refuse to; return the status and the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    sent = {"Host": b"shop", "Connection": b"close", "Content-Length": str(len(body)).encode()} | headers
    writer.write(
        b"\r\n".join(
            [f"{line} HTTP/1.1".encode(), *(name.encode() + b": " + value for name, value in sent.items()), b"", body]
        )
    )
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET /login", {"Cookie": b"lf_visitor=\xff\xfe"}, 200),
        ("GET /login", {"Cookie": b"lf_member=\xff\xfe"}, 200),
        ("POST /login", {"Cookie": b"lf_visitor=\xff", "X-CSRF-Token": b"\xff"}, 403),
        ("GET /api/v1/me", {"Authorization": b"Bearer \xff\xfe"}, 401),
        ("GET /language/en", {"Referer": b"http://[shop/"}, 303),
        ("GET /language/en", {"Referer": b"\xff"}, 303),
        ("GET /socket.io/?EIO=4&transport=polling", {"Origin": b"http://[shop"}, 403),
        (f"GET /static/{'a' * 400}", {}, 404),
        (f"GET /static/css/{'a' * 400}.css", {}, 404),
    ],
)
async def test_odd_requests_are_no_defects(client: Client, line: str, headers: dict[str, bytes], status: int) -> None:
    assert (await ask(client, line, headers))[0] == status


@pytest.mark.parametrize("charset", [b"raw_unicode_escape", b"unicode_escape", b"zlib", b"none"])
@pytest.mark.parametrize("door", ["/login", "/backoffice/login"])
async def test_a_form_in_an_odd_charset_is_refused(client: Client, charset: bytes, door: str) -> None:
    page = await client.get(door)
    shown = re.search(r'name="csrf-token" content="([^"]+)"', await page.text())
    assert shown is not None
    headers = {
        "Cookie": b"lf_visitor=" + page.cookies["lf_visitor"].value.encode(),
        "X-CSRF-Token": shown[1].encode(),
        "Content-Type": b"application/x-www-form-urlencoded; charset=" + charset,
    }
    body = rb"account=a\ud800@example.com&password=a\ud800b&by=password"
    assert (await ask(client, f"POST {door}", headers, body))[0] in (400, 422)


async def test_one_logs_in_with_whatever_program(client: Client) -> None:
    await client.post("/api/v1/auth/codes", json={"phone": "13800000001"})
    inbox = await client.get("/sandbox/inbox?to=13800000001", headers={"Accept": "application/json"})
    body = msgspec.json.encode({"phone": "13800000001", "code": (await inbox.json())[0]["code"]})
    headers = {"User-Agent": b"\xff\xfe", "Content-Type": b"application/json"}
    assert (await ask(client, "POST /api/v1/auth/sessions", headers, body))[0] == 201


@pytest.mark.parametrize("way", [b"//evil.example/a", b"/\\evil.example/a", b"///evil.example/a"])
async def test_the_choice_of_a_language_leads_nowhere_else(client: Client, way: bytes) -> None:
    status, answer = await ask(client, "GET /language/en", {"Referer": b"http://shop" + way})
    assert status == 303
    assert b"\r\nLocation: /evil.example/a\r\n" in answer


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),  # the proxy's own line comes after the stranger's
        (["203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        (["203.0.113.9", "nonsense"], "10.0.0.1"),
        ([], "10.0.0.1"),
        (["203.0.113.9, ::ffff:10.0.0.2"], "203.0.113.9"),  # as a proxy that listens on both families writes it
    ],
)
async def test_the_address_that_a_trusted_proxy_saw(hops: list[str], address: str) -> None:
    headers = CIMultiDict([("X-Forwarded-For", hop) for hop in hops])
    request = make_mocked_request("GET", "/", headers).clone(remote="10.0.0.1")
    assert Proxies(["10.0.0.0/8"]).client(request) == address
    assert Proxies([]).client(request) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "unknown"),
    ],
)
def test_limits_count_the_addresses_of_one_customer_together(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_known_in_either_family(address: str) -> None:
    assert is_loopback(address)
    assert not is_loopback("::ffff:203.0.113.9")


async def test_a_page_says_in_words_what_is_wrong_with_its_address(client: Client) -> None:
    response = await client.get("/login?by=magic")
    assert response.status == 422
    text = await response.text()
    assert "填写有误：没有这个选项" in text
    assert "{" not in text.partition("<h1>")[2].partition("</section>")[0]
