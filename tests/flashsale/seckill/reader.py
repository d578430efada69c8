"""Somebody who reads pages of flash sales without script."""

from __future__ import annotations

import re

import msgspec

from flashsale.seckill.board import Board
from tests.flashsale.seckill.conftest import Member, Stage

CHINESE = re.compile(r"[\u3400-\u9fff]")


class Shown(msgspec.Struct):
    """A page as it was answered."""

    status: int
    text: str
    location: str = ""


class Reader:
    """Somebody with a browser without script."""

    def __init__(self, stage: Stage, who: Member | None = None, kind: str = "member", language: str = "zh-CN") -> None:
        self.stage = stage
        self.headers = {"Accept": "text/html", "Accept-Language": language}
        if who is not None:
            self.headers["Cookie"] = f"lf_{kind}={who.token}"

    async def get(self, path: str) -> Shown:
        async with self.stage.client.get(path, headers=self.headers, allow_redirects=False) as response:
            return Shown(response.status, await response.text(), response.headers.get("Location", ""))

    async def post(self, path: str, page: str, **fields: str) -> Shown:
        """Post a form that stands on ``page``."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', (await self.get(page)).text)
        assert token is not None
        data = {"csrf_token": token[1], **fields}
        async with self.stage.client.post(path, data=data, headers=self.headers, allow_redirects=False) as response:
            return Shown(response.status, await response.text(), response.headers.get("Location", ""))


def texts(page: Shown) -> str:
    """Return what a person can read of a page."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def forget(stage: Stage, item: int) -> None:
    """Have the next look ask the stores."""
    stage.app.resource(Board).forget(item)
