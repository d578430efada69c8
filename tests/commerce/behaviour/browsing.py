"""A browser without a script: it keeps cookies, and posts the forms of the pages it opened."""

from __future__ import annotations

import re
from typing import Any

from commerce.behaviour import Log
from commerce.behaviour.types import Choice
from tests.commerce.orders.market import Market, Member

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


class Browser:
    """One browser; ``member`` is who is logged in."""

    def __init__(self, market: Market, headers: dict[str, str] | None = None, member: Member | None = None) -> None:
        self.market = market
        self.headers = {"User-Agent": AGENT, **(headers or {})}
        self.member = member
        self.cookies: dict[str, str] = {}
        self._token = ""

    async def agreed(self) -> Browser:
        """Agree to what one does being kept."""
        await self.choose(Choice.ALL)
        return self

    async def choose(self, choice: Choice, back: str = "/", referrer: str = "") -> None:
        """Answer the banner."""
        await self.open("/privacy")
        await self.send("/privacy", {"choice": choice.value, "back": back, "referrer": referrer})

    async def open(self, path: str, headers: dict[str, str] | None = None) -> str:
        """Open a page and return its text."""
        answer = await self._ask("GET", path, headers=headers or {})
        text: str = await answer.text()
        assert answer.status == 200, text
        found = re.search('name="csrf-token" content="([^"]+)"', text)
        self._token = found[1] if found else ""
        return text

    async def send(self, path: str, form: dict[str, str]) -> str:
        """Post a form and return where it leads."""
        answer = await self._ask("POST", path, data={"csrf_token": self._token, **form}, headers={})
        assert answer.status == 303, await answer.text()
        return str(answer.headers["Location"])

    async def post(self, path: str, json: Any) -> tuple[int, Any]:
        """Post JSON as the pages' scripts do."""
        answer = await self._ask("POST", path, json=json, headers={"X-CSRF-Token": self._token})
        return answer.status, await answer.json()

    async def events(self) -> list[tuple[str, int | None]]:
        """Return kind and product of everything in the log of this browser's visitor or member."""
        await self.market.app.resource(Log).flush()
        async with self.market.app.database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT kind, product_id FROM behaviour_events
                WHERE visitor::text = $1 OR member_id = $2 ORDER BY id
                """,
                re.sub("(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", self.cookies.get("lf_trace", "")),
                self.member.id if self.member is not None else None,
            )
        return [(row["kind"], row["product_id"]) for row in rows]

    async def _ask(self, method: str, path: str, *, headers: dict[str, str], **more: Any) -> Any:
        cookies = {**self.cookies, **({"lf_member": self.member.token} if self.member is not None else {})}
        sent = {**self.headers, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), **headers}
        self.market.client.session.cookie_jar.clear()
        answer = await self.market.client.request(method, path, headers=sent, allow_redirects=False, **more)
        for name, morsel in answer.cookies.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            elif name != "lf_member":
                self.cookies[name] = morsel.value
        return answer
