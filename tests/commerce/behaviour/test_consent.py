"""Consent: what is asked, what is kept without it, and what goes when it is taken back."""

from __future__ import annotations

import re
from typing import Any

from commerce.behaviour import Log
from commerce.behaviour.types import Choice
from commerce.behaviour.visit import CONSENT, VISIT, VISITOR, crawler, device_of
from commerce.credentials import hash_password
from commerce.members.belongings import Belongings
from server.application import Application
from tests.commerce.behaviour.browsing import Browser
from tests.commerce.orders.market import Market, Member


async def test_without_a_choice_one_is_asked_and_nothing_is_kept(market: Market) -> None:
    browser = Browser(market)
    text = await browser.open("/")
    buttons = re.findall(r'<button class="([^"]+)" name="choice" value="(\w+)">', text)
    assert sorted(value for _, value in buttons) == ["all", "necessary"]
    assert len({look for look, _ in buttons}) == 1, "saying no is as easy as saying yes"
    await browser.open(f"/products/{market.product_id}")
    assert 'name="choice"' not in await browser.open("/login"), "nothing lies over a form"
    assert set(browser.cookies) == {"lf_visitor"}, "the token of its forms, and nothing else"
    assert await browser.events() == []
    assert await market.value("SELECT count(*) FROM behaviour_visits") == 0


async def test_a_no_is_kept_and_sets_no_id(market: Market) -> None:
    browser = Browser(market)
    await browser.choose(Choice.NECESSARY)
    assert 'name="choice"' not in await browser.open("/")
    await browser.open(f"/products/{market.product_id}")
    assert browser.cookies[CONSENT] == "necessary"
    assert VISITOR not in browser.cookies
    assert VISIT not in browser.cookies
    assert await browser.events() == []


async def test_a_browser_that_says_no_by_itself_is_not_asked(market: Market) -> None:
    browser = Browser(market, {"Sec-GPC": "1"})
    assert 'name="choice"' not in await browser.open("/")
    await browser.open(f"/products/{market.product_id}")
    assert await browser.events() == []


async def test_a_yes_begins_a_visit_with_where_it_came_from(market: Market) -> None:
    browser = Browser(market)
    landing = "/?utm_source=weibo&utm_medium=post&utm_campaign=d11"
    text = await browser.open(landing, {"Referer": "https://weibo.example/u/1?secret=1"})
    assert 'name="referrer" value="https://weibo.example/u/1?secret=1"' in text
    await browser.choose(Choice.ALL, back=landing, referrer="https://weibo.example/u/1?secret=1")
    await browser.open(f"/products/{market.product_id}")
    assert [kind for kind, _ in await browser.events()] == ["view_product"]
    async with market.app.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM behaviour_visits")
    told = {name: row[name] for name in ("source", "medium", "campaign", "referrer", "landing", "device")}
    assert told == {
        "source": "weibo",
        "medium": "post",
        "campaign": "d11",
        "referrer": "weibo.example",
        "landing": "/",
        "device": "desktop",
    }
    assert row["visitor"].hex == browser.cookies[VISITOR]


async def test_taking_it_back_removes_what_there_is_and_what_is_under_way(market: Market) -> None:
    browser, other = await Browser(market).agreed(), await Browser(market).agreed()
    for one in (browser, other):
        await one.open(f"/products/{market.product_id}")
    assert len(await browser.events()) == len(await other.events()) == 1
    await browser.open(f"/products/{market.product_id}")  # not written yet when consent goes
    held = dict(browser.cookies)
    await browser.choose(Choice.NECESSARY)
    assert VISITOR not in browser.cookies
    browser.cookies |= held  # a process that has not heard, or a browser that kept them
    await browser.open(f"/products/{market.product_id}")
    assert await browser.events() == []
    assert len(await other.events()) == 1


async def test_a_members_no_holds_wherever_they_are_logged_in(market: Market) -> None:
    member = await market.member()
    here, there = await Browser(market, member=member).agreed(), await Browser(market, member=member).agreed()
    for one in (here, there):
        await one.open(f"/products/{market.product_id}")
    assert len(await here.events()) == 2
    await here.choose(Choice.NECESSARY)
    await there.open(f"/products/{market.product_id}")
    assert await there.events() == []
    assert await market.value("SELECT count(*) FROM behaviour_events WHERE member_id = $1", member.id) == 0
    assert "现在：不记录。" in await there.open("/privacy")


async def test_what_a_visitor_did_becomes_the_members_and_no_others(market: Market) -> None:
    first, second = await market.member(), await market.member()
    browser = await Browser(market).agreed()
    await browser.open(f"/products/{market.product_id}")
    await market.app.resource(Log).flush()
    browser.member = first
    await browser.open("/")
    await market.app.resource(Log).flush()
    assert await market.value("SELECT array_agg(member_id) FROM behaviour_events") == [first.id]
    assert await market.value("SELECT array_agg(member_id) FROM behaviour_visits") == [first.id]
    visitor = browser.cookies[VISITOR]
    browser.member = None  # logged out: somebody else may sit there now
    await browser.open(f"/products/{market.product_id}")
    assert browser.cookies[VISITOR] != visitor
    browser.member = second
    await browser.open("/")
    await market.app.resource(Log).flush()
    found = await market.value("SELECT array_agg(member_id ORDER BY id) FROM behaviour_events")
    assert found == [first.id, second.id]


async def test_a_program_is_kept_only_of_a_member_who_said_yes(market: Market) -> None:
    member = await market.member()
    body = {"clicks": [{"product_id": str(market.product_id), "source": "search", "position": 3}]}
    counted = "SELECT count(*) FROM behaviour_events"
    await market.call("POST", "/api/v1/behaviour/events", member, body)
    await market.app.resource(Log).flush()
    assert await market.value(counted) == 0
    answer = await market.call("PUT", "/api/v1/privacy", member, {"recording": "all"})
    assert await answer.json() == {"recording": "all", "personalised": True}
    await market.call("POST", "/api/v1/behaviour/events", member, body)
    await market.app.resource(Log).flush()
    assert await market.value(counted) == 1
    answer = await market.call("PUT", "/api/v1/privacy", member, {"recording": "necessary", "personalised": False})
    assert await answer.json() == {"recording": "necessary", "personalised": False}
    assert await market.value(counted) == 0


async def test_personalising_is_a_members_to_switch(market: Market) -> None:
    member = await market.member()
    browser = Browser(market, member=member)
    assert "现在：打开。" in await browser.open("/privacy")
    await browser.send("/privacy/personalised", {"on": "0"})
    assert "现在：关闭。" in await browser.open("/privacy")
    assert (await (await market.call("GET", "/api/v1/privacy", member)).json())["personalised"] is False
    assert (await market.call("PUT", "/api/v1/privacy", None, {"personalised": False})).status == 401


async def test_crawlers_are_not_logged(market: Market) -> None:
    browser = await Browser(market, {"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"}).agreed()
    await browser.open(f"/products/{market.product_id}")
    assert VISITOR not in browser.cookies
    assert await browser.events() == []


def test_programs_are_told_apart() -> None:
    crawlers = ["Googlebot/2.1", "Mozilla/5.0 (compatible; bingbot/2.0)", "Baiduspider+", "AhrefsBot/7.0", ""]
    people = {
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148": "phone",
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36": "phone",
        "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/130.0 Safari/537.36": "tablet",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36": "desktop",
    }
    assert all(map(crawler, crawlers))
    assert not any(map(crawler, people))
    assert {agent: device_of(agent) for agent in people} == people


async def test_a_merged_members_events_are_the_keepers_unless_either_said_no(app: Application, market: Market) -> None:
    async def merged(*choices: str | None) -> Any:
        keeper, other = await market.member(), await market.member()
        async with app.database.transaction() as connection:
            for who, choice in zip((keeper, other), choices, strict=True):
                await connection.execute(
                    "INSERT INTO behaviour_events (at, kind, member_id) VALUES (now(), 'view_product', $1)",
                    who.id,
                )
                if choice is not None:
                    await connection.execute(
                        "INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, $2)", who.id, choice
                    )
            await app.resource(Belongings).move(connection, keeper.id, other.id)
            assert (
                await connection.fetchval("SELECT count(*) FROM behaviour_events WHERE member_id = $1", other.id) == 0
            )
            return await connection.fetchval("SELECT count(*) FROM behaviour_events WHERE member_id = $1", keeper.id)

    assert await merged(None, None) == 2
    assert await merged("all", None) == 2
    assert await merged("all", "necessary") == 0


async def _logged_in(market: Market, browser: Browser, member: Member) -> None:
    """Log in with a password, as people do."""
    phone = await market.value("SELECT phone FROM members WHERE id = $1", member.id)
    await market.run(
        "UPDATE members SET password_hash = $2 WHERE id = $1", member.id, await hash_password("correct horse")
    )
    browser.member = None
    await browser.open("/login?by=password")
    await browser.send("/login", {"by": "password", "account": phone, "password": "correct horse"})
    browser.member = member


async def test_what_an_account_says_holds_in_the_browser_that_logs_in_and_a_no_always_wins(market: Market) -> None:
    """Docs: docs/recommendations.md has the table."""
    yes, no, silent = [await market.member() for _ in range(3)]
    await market.run(
        "INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all'), ($2, 'necessary')", yes.id, no.id
    )
    asks = 'name="choice" value="all">同意<'

    unasked = Browser(market)
    await _logged_in(market, unasked, yes)
    assert asks not in await unasked.open("/")
    assert "现在：记录。" in await unasked.open("/privacy")
    await unasked.open(f"/products/{market.product_id}")
    assert len(await unasked.events()) == 1
    unasked.member = None  # whoever sits there now has said nothing
    assert asks in await unasked.open("/")
    assert not {CONSENT, VISITOR, VISIT} & set(unasked.cookies)

    await _logged_in(market, unasked, yes)
    await _logged_in(market, unasked, silent)  # nor has another member
    assert CONSENT not in unasked.cookies
    assert asks in await unasked.open("/")

    agreed = await Browser(market).agreed()
    await agreed.open(f"/products/{market.product_id}")
    await _logged_in(market, agreed, no)
    assert agreed.cookies[CONSENT] == "necessary"
    assert VISITOR not in agreed.cookies
    agreed.member = None
    assert asks not in await agreed.open("/"), "a no stays"

    refused = Browser(market)
    await refused.choose(Choice.NECESSARY)
    await _logged_in(market, refused, yes)
    assert refused.cookies[CONSENT] == "necessary"
    assert "现在：不记录。" in await refused.open("/privacy")
    assert await market.value("SELECT choice FROM behaviour_privacy WHERE member_id = $1", yes.id) == "all", "elsewhere"

    signalling = Browser(market, {"Sec-GPC": "1"})
    await _logged_in(market, signalling, yes)
    assert CONSENT not in signalling.cookies
    assert "现在：不记录。" in await signalling.open("/privacy")


async def test_what_holds_in_a_browser_is_what_its_owner_is_told(market: Market) -> None:
    """A session from before the account said yes brings no answer into its browser; the account's no holds there."""
    member = await market.member()
    other = Browser(market, member=member)
    await (await Browser(market, member=member).agreed()).open("/")
    await market.app.resource(Log).flush()
    assert "现在：不记录，你还没有选择。" in await other.open("/privacy")
    assert 'name="choice"' in await other.open("/")
    assert (await (await market.call("GET", "/api/v1/privacy", member)).json())["recording"] == "all", "a program"
    await market.run("UPDATE behaviour_privacy SET choice = 'necessary' WHERE member_id = $1", member.id)
    assert "现在：不记录。" in await other.open("/privacy")
