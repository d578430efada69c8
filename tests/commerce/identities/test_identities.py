"""Logging in with WeChat and QQ through their sandboxes, as a browser without a script does."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestClient

from commerce.identities.providers.accounts import account
from commerce.identities.types import Party
from server.application import Application, build
from server.settings import Settings, SettingsError

Client = TestClient[Any, Any]
PHONE = "13812345678"
PARTIES = ("wechat", "qq")


class Visitor:
    """A browser with cookies of its own."""

    def __init__(self, app: Application, session: ClientSession) -> None:
        self.base = app.settings.base_url
        self.session = session
        self.text = ""
        self.status = 0
        self.path = ""

    async def _took(self, response: Any) -> None:
        self.text, self.status, self.path = await response.text(), response.status, response.url.path_qs

    async def open(self, path: str) -> None:
        await self._took(await self.session.get(self.base + path, headers={"Accept": "text/html"}))

    async def hop(self, path: str) -> str:
        """Return where an address leads, without going there."""
        async with self.session.get(self.base + path, allow_redirects=False) as response:
            self.status = response.status
            return str(response.headers.get("Location", "")).removeprefix(self.base)

    async def post(self, path: str, **fields: str) -> None:
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.text)
        assert token is not None
        await self._took(await self.session.post(self.base + path, data={"csrf_token": token[1]} | fields))

    async def consent(self, choice: str = "agree", person: str = "xiaoman") -> None:
        """Do on the provider's page what a person does."""
        given = dict(re.findall(r'name="(app|redirect_uri|state)" value="([^"]*)"', self.text))
        assert given, self.text
        fields = {name: value.replace("&amp;", "&") for name, value in given.items()}
        await self.post(urlsplit(self.path).path, person=person, choice=choice, **fields)

    async def arrive(self, party: str, person: str = "xiaoman", way: str = "") -> None:
        await self.open(f"/login/with/{party}?next={way}")
        await self.consent(person=person)

    async def code(self, phone: str) -> str:
        async with self.session.get(
            self.base + "/sandbox/inbox", params={"to": phone}, headers={"Accept": "application/json"}
        ) as response:
            return str((await response.json())[0]["code"])

    async def bind_phone(self, phone: str = PHONE) -> None:
        await self.post("/login/phone/code", account=phone)
        assert self.status == 200, self.text
        await self.post("/login/phone", account=phone, code=await self.code(phone))

    async def bind(self, party: str, phone: str = PHONE) -> None:
        await self.open(f"/me/identities/{party}/bind")
        await self.post(f"/me/identities/{party}/proof", by="phone")
        await self.post(f"/me/identities/{party}/bind", by="phone", code=await self.code(phone))
        await self.consent()

    async def log_in(self, phone: str = PHONE) -> None:
        await self.open("/login")
        await self.post("/login/code", account=phone, by="code")
        await self.post("/login", account=phone, by="code", code=await self.code(phone))

    async def me(self) -> dict[str, Any]:
        await self.open("/api/v1/me")
        return dict(msgspec.json.decode(self.text))


@pytest.fixture
async def visitors(app: Application, client: Client) -> Any:
    made: list[ClientSession] = []

    def visitor() -> Visitor:
        made.append(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        return Visitor(app, made[-1])

    yield visitor
    for session in made:
        await session.close()


@pytest.mark.parametrize("party", PARTIES)
async def test_a_new_person_binds_a_phone_and_comes_back_without_it(visitors: Any, party: str) -> None:
    first = visitors()
    await first.arrive(party, way="/me/addresses")
    assert (first.status, first.path) == (200, "/login/phone")
    assert "小满" in first.text
    await first.bind_phone()
    assert (first.status, first.path) == (200, "/me/addresses")
    me = await first.me()
    assert (me["phone"], me["nickname"]) == (PHONE, "小满")
    again = visitors()
    await again.arrive(party, way="/me/security")
    assert (again.status, again.path) == (200, "/me/security")
    assert (await again.me())["id"] == me["id"]
    other = visitors()
    await other.arrive(party, person="ajie")
    assert other.path == "/login/phone"


async def test_a_phone_that_has_an_account_gets_the_identity_and_keeps_its_name(visitors: Any) -> None:
    known = visitors()
    await known.log_in()
    before = await known.me()
    fresh = visitors()
    await fresh.arrive("wechat")
    await fresh.bind_phone()
    assert await fresh.me() == before
    await fresh.open("/api/v1/me/identities")
    assert [each["provider"] for each in msgspec.json.decode(fresh.text)["items"]] == ["wechat"]
    second = visitors()
    await second.arrive("wechat", person="ajie")
    await second.bind_phone()
    assert second.status == 409
    assert "已绑定另一个微信" in second.text
    await second.open("/me")
    assert second.path.startswith("/login?")


@pytest.mark.parametrize("party", PARTIES)
async def test_binding_and_unbinding_at_the_security_page(visitors: Any, app: Application, party: str) -> None:
    browser = visitors()
    await browser.log_in()
    await browser.bind(party)
    assert browser.path == "/me/security?done=bound"
    assert "小满" in browser.text
    async with app.database.connection() as connection:
        told = await connection.fetchval(
            "SELECT payload->>'device' FROM events WHERE payload->>'what' = 'identity_bound'"
        )
    assert told == {"wechat": "微信", "qq": "QQ"}[party]
    fresh = visitors()
    await fresh.arrive(party)
    assert fresh.path == "/me"
    await browser.post(f"/me/identities/{party}/unbind")
    assert browser.path == "/me/security?done=unbound"
    assert "小满" not in browser.text
    gone = visitors()
    await gone.arrive(party)
    assert gone.path == "/login/phone"


async def test_who_refuses_or_takes_too_long_is_told_and_not_let_in(visitors: Any) -> None:
    for party in PARTIES:
        for choice in ("refuse", "expire"):
            browser = visitors()
            await browser.open(f"/login/with/{party}")
            await browser.consent(choice)
            assert browser.status == 400, (party, choice)
            assert browser.text.count("登录没有完成") == 2, "title and heading, not the note too"
            assert "授权被取消或已过期" in browser.text
            await browser.open("/me")
            assert browser.path.startswith("/login?")


async def test_a_state_is_one_browsers_and_counts_once(visitors: Any) -> None:
    mine, thief = visitors(), visitors()
    away = await mine.hop("/login/with/wechat")
    state = parse_qs(urlsplit(away).query)["state"][0]
    await mine.open(away)
    form = dict(re.findall(r'name="(app|redirect_uri|state)" value="([^"]*)"', mine.text))
    token = re.search(r'name="csrf-token" content="([^"]+)"', mine.text)
    assert token is not None
    async with mine.session.post(
        mine.base + "/sandbox/wechat/connect/qrconnect",
        data={"csrf_token": token[1], "person": "xiaoman", "choice": "agree", **form},
        allow_redirects=False,
    ) as response:
        back = response.headers["Location"].removeprefix(mine.base)
    await thief.hop("/login/with/wechat")  # has a cookie of its own
    await thief.open(back)
    assert thief.status == 400
    await visitors().open(back)
    await mine.open(back.replace(state, "x" * 32))
    assert mine.status == 400
    await mine.open(back.replace("/wechat/", "/qq/"))
    assert mine.status == 400
    await mine.open(back)
    assert mine.path == "/login/phone"
    await mine.open(back)
    assert mine.status == 400


async def test_a_code_is_good_once(visitors: Any, client: Client) -> None:
    """The sandbox keeps the provider's promise, and tells what is wrong as the provider does."""
    browser = visitors()
    await browser.open("/login/with/wechat")
    browser.path = browser.path.partition("?")[0]
    form = dict(re.findall(r'name="(app|redirect_uri|state)" value="([^"]*)"', browser.text))
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.text)
    assert token is not None
    async with browser.session.post(
        browser.base + browser.path,
        data={"csrf_token": token[1], "person": "xiaoman", "choice": "agree", **form},
        allow_redirects=False,
    ) as response:
        code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
    asked = {"appid": form["app"], "secret": "sandbox-application-secret", "grant_type": "authorization_code"}
    for given, told in (
        ({"code": "x"}, 40029),
        ({"code": code, "secret": "another"}, 40125),
        ({"code": code, "appid": "another"}, 40013),
        ({"code": code}, None),
        ({"code": code}, 40163),
    ):
        answer = await client.get("/sandbox/wechat/sns/oauth2/access_token", params=asked | given)
        assert (await answer.json(content_type=None)).get("errcode") == told, given


@pytest.mark.parametrize("party", PARTIES)
async def test_a_provider_that_is_down_is_told(visitors: Any, party: str) -> None:
    browser = visitors()
    await browser.open(f"/sandbox/{party}")
    await browser.post(f"/sandbox/{party}", mood="down")
    await browser.open(f"/login/with/{party}")
    await browser.consent()
    assert browser.status == 503
    assert "没有回应" in browser.text
    assert "换一种方式登录" in browser.text


async def test_an_arrival_ends(visitors: Any, app: Application) -> None:
    browser = visitors()
    await browser.arrive("qq")
    async with app.database.connection() as connection:
        await connection.execute("UPDATE identity_arrivals SET expires_at = now()")
    await browser.post("/login/phone", account=PHONE, code="000000")
    assert browser.status == 410
    await browser.open("/login/phone")
    assert browser.path == "/login"


async def test_a_session_alone_binds_nothing(visitors: Any) -> None:
    """Neither who has come by a session nor a page elsewhere that leads a browser here makes a way in for good."""
    browser = visitors()
    await browser.log_in()
    for path in ("/me/identities/wechat/bind", "/me/identities/qq/bind"):
        assert await browser.hop(path) == ""
        assert browser.status == 200
    await browser.open("/me/identities/wechat/bind")
    for given, status in (
        ({}, 422),
        ({"by": "phone", "code": "000000"}, 422),
        ({"by": "password", "password": "x"}, 422),
    ):
        await browser.post("/me/identities/wechat/bind", **given)
        assert (browser.status, browser.path) == (status, "/me/identities/wechat/bind"), given


async def test_an_identity_of_another_account_is_not_taken_from_it(visitors: Any) -> None:
    """It logs in, but to take the account whole its phone is asked for: merging by it changes where the phone leads."""
    first, second = visitors(), visitors()
    await first.arrive("wechat")
    await first.bind_phone()
    await second.log_in("13900000001")
    await second.bind("wechat", "13900000001")
    assert second.status == 409
    assert "<h1>这个微信属于另一个账号</h1>" in second.text
    assert 'href="/me/contact/phone?why=merge"' in second.text
    await second.open("/me/contact/phone?why=merge")
    assert "那个账号的手机号" in second.text
    assert (await visitors_owner(visitors))["phone"] == PHONE
    await first.open("/me")
    assert first.path == "/me"


async def visitors_owner(visitors: Any) -> dict[str, Any]:
    """Return whose account the simulated person's WeChat opens."""
    browser = visitors()
    await browser.arrive("wechat")
    return dict(await browser.me())


async def test_a_way_back_leads_to_our_pages_alone(visitors: Any) -> None:
    browser = visitors()
    await browser.arrive("wechat", way="//evil.example/")
    await browser.bind_phone()
    assert browser.path == "/me"


async def test_without_accounts_there_are_no_buttons(settings: Settings) -> None:
    bare = msgspec.structs.replace(settings, sandboxes=False)
    assert account(bare, Party.WECHAT) is None
    app = build(bare)
    assert "door" not in app.parts
    folder = settings.home / "identities"
    folder.mkdir()
    (folder / "wechat.json").write_text('{"app_id": "wx1", "secret": "s"}')
    assert build(bare).parts["door"] == ["identities/wechat.html"]
    found = account(bare, Party.WECHAT)
    assert found is not None
    assert (found.authorize, found.api) == ("https://open.weixin.qq.com", "https://api.weixin.qq.com")
    (folder / "wechat.json").write_text('{"app_id": ""')
    with pytest.raises(SettingsError):
        account(bare, Party.WECHAT)


async def test_providers_are_listed(client: Client) -> None:
    response = await client.get("/api/v1/auth/providers")
    assert [each["url"] for each in (await response.json())["items"]] == ["/login/with/wechat", "/login/with/qq"]
