"""The site under test as an operator reaches it: its demo accounts, its back office, its command line."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from loadtest.plan import Buyer
from server.settings import home_folder


class SiteError(RuntimeError):
    """The site is not there or did not do what a run needs; the message says what to do."""


class Staff(msgspec.Struct, frozen=True):
    """A demo account of the back office."""

    account: str
    password: str


class Demo(msgspec.Struct, frozen=True):
    """What demo.json tells."""

    base_url: str
    staff: list[Staff]


class Site:
    """A running site and a staff session on it."""

    def __init__(self, session: aiohttp.ClientSession, home: Path, demo: Demo) -> None:
        self.session = session
        self.home = home
        self.base_url = demo.base_url.rstrip("/")
        self._staff = demo.staff[0]
        self._token = ""

    @classmethod
    def find(cls, session: aiohttp.ClientSession, home: Path | None, *, base_url: str = "") -> Site:
        """Return the site of a data folder, or the one at ``base_url`` with that folder's accounts.

        Raises SiteError, also for a site that is not on this machine.
        """
        folder = home if home is not None else home_folder()
        path = folder / "demo.json"
        try:
            demo = msgspec.json.decode(path.read_bytes(), type=Demo)
        except OSError:
            raise SiteError(
                f"{path} is not there: start the site with `lingfeng run`, or name its folder with --home"
            ) from None
        demo = msgspec.structs.replace(demo, base_url=base_url or demo.base_url)
        host = urlsplit(demo.base_url).hostname or ""
        if host != "localhost" and not _is_loopback(host):
            raise SiteError(f"{demo.base_url} is not on this machine: load tests send traffic to loopback only")
        return cls(session, folder, demo)

    async def log_in(self) -> None:
        """Open the staff session. Raises SiteError."""
        body = {"account": self._staff.account, "password": self._staff.password}
        try:
            self._token = str((await self.call("POST", "/api/v1/staff/sessions", body))["token"])
        except aiohttp.ClientError as error:
            raise SiteError(f"{self.base_url} does not answer ({error}): is `lingfeng run` running?") from None

    async def call(self, method: str, path: str, body: Any = None, *, tries: int = 30) -> dict[str, Any]:
        """Return the JSON answer of the site, asking again while it is unavailable. Raises SiteError."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        status, text = 0, ""
        for _ in range(tries):
            async with self.session.request(method, self.base_url + path, json=body, headers=headers) as response:
                status, text = response.status, await response.text()
                if status < 300:
                    answer: dict[str, Any] = msgspec.json.decode(text) if text else {}
                    return answer
                if status not in (429, 503):
                    break
            await asyncio.sleep(1)
        raise SiteError(f"{method} {path} answered {status}: {text[:500]}")

    async def buyers(self, count: int) -> list[Buyer]:
        """Return ``count`` new members, made by the command line. Raises SiteError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.cli",
            "demo",
            "buyers",
            str(count),
            env=os.environ | {"LINGFENG_HOME": str(self.home)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise SiteError(f"`lingfeng demo buyers {count}` failed: {err.decode(errors='replace')[-500:]}")
        return [msgspec.json.decode(line, type=Buyer) for line in out.splitlines() if line.startswith(b"{")]

    async def sku(self) -> dict[str, Any]:
        """Return a SKU with the most free units among the first products: id, price, title. Raises SiteError."""
        best: dict[str, Any] = {}
        products = await self.call("GET", "/api/v1/products?size=10&in_stock=true")
        for product in products["items"]:
            detail = await self.call("GET", f"/api/v1/products/{product['id']}")
            for sku in detail["skus"]:
                if sku["available"] > best.get("available", 0):
                    best = {**sku, "title": product["title"]}
        if not best:
            raise SiteError("no product has free stock: `lingfeng demo` fills the shops")
        return best

    async def open_sale(self, stock: int, starts_at: float, ends_at: float, pay_within: int) -> str:
        """Create and publish a sale of ``stock`` units and return its item id. Times are seconds of the epoch."""
        sku = await self.sku()
        if sku["available"] < stock:
            raise SiteError(f"the fullest SKU has {sku['available']} free units, the run wants {stock}")
        body = {
            "sku_id": sku["id"],
            "title": f"压测 {sku['title']}"[:60],
            "price": max(1, sku["price"] // 2),
            "quantity": stock,
            "limit_per_member": 1,
            "starts_at": _wire(starts_at),
            "ends_at": _wire(ends_at),
            "pay_within_s": pay_within,
            "listed": False,  # shoppers of the site have nothing to do with it
        }
        item_id = str((await self.call("POST", "/api/v1/backoffice/flash-sales", body))["item_id"])
        await self.call("POST", f"/api/v1/backoffice/flash-sales/{item_id}/publish", {})
        return item_id


def _wire(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
