"""A crowd on one event loop: buyers who insist, and who write down everything they were told."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from typing import Any

import aiohttp
import msgspec

from loadtest.history import Kind, Writer
from loadtest.plan import Buyer, Plan

_PATIENCE = 40.0
_LONGEST = 75.0
EAGER = 3.0
"""Seconds before the start from which the impatient press."""


class Crowd:
    """The buyers of one plan.

    The first ``impatient`` of them press before the start, and again and again with new keys, also after they have
    won, until the moment ``until`` (seconds of the epoch), which whoever waits for a fault may set, has passed.
    """

    def __init__(self, session: aiohttp.ClientSession, plan: Plan, *, impatient: int) -> None:
        self._session = session
        self._plan = plan
        self._impatient = impatient
        self.until = plan.starts_at + _LONGEST
        self._writer = Writer(plan.folder)
        self._tickets: dict[str, str] = {}
        self.in_flight = 0
        self.won = 0
        self.paid = 0

    async def fetch_tickets(self) -> None:
        """Have every buyer fetch a ticket, a few at a time."""
        gate = asyncio.Semaphore(24)

        async def one(buyer: Buyer) -> None:
            async with gate:
                for _ in range(30):
                    status, answer = await self._send(buyer, "tickets", {}, {})
                    if status == 201:
                        self._tickets[buyer.member_id] = str(answer["ticket"])
                        return
                    await asyncio.sleep(0.3)

        await asyncio.gather(*(one(buyer) for buyer in self._plan.buyers))

    async def rush(self) -> None:
        """Wait for the start and have everyone buy."""
        await asyncio.gather(*(self._buyer(at, buyer) for at, buyer in enumerate(self._plan.buyers)))

    async def _buyer(self, at: int, buyer: Buyer) -> None:
        chance = random.Random(f"{self._plan.seed}:{at}")
        eager = at < self._impatient
        first = -chance.uniform(0.0, EAGER) if eager else abs(chance.gauss(0, self._plan.spread))
        await asyncio.sleep(max(0.0, self._plan.starts_at + first - time.time()))
        won = False
        while True:
            key = str(uuid.UUID(int=chance.getrandbits(128)))
            # What expires is left to those who pay late: the others then ask for more than the limit allows.
            leave = self._plan.late and not won and time.time() > self._plan.starts_at + 1
            quantity = 2 if leave else 1
            sends = [self._insist(buyer, key, quantity, chance)]
            if chance.random() < self._plan.double:
                sends.append(self._insist(buyer, key, quantity, chance))
            order_no = next((each for each in await asyncio.gather(*sends) if each), "")
            won = won or bool(order_no)
            if order_no and chance.random() < self._plan.pay:
                await self._pay(buyer, key, order_no, 0)
            elif order_no and chance.random() < self._plan.late:
                await self._pay(buyer, key, order_no, self._plan.pay_within + 1)
                return
            if not eager or time.time() > self.until:
                return
            await asyncio.sleep(chance.uniform(0.01, 0.06))

    async def _insist(self, buyer: Buyer, key: str, quantity: int, chance: random.Random) -> str:
        """Send one key until its outcome is known or patience ends; return the order number of a win."""
        give_up = time.time() + _PATIENCE
        body = {"ticket": self._tickets.get(buyer.member_id, ""), "quantity": quantity}
        while time.time() < give_up:
            began = time.time()
            self._writer.add(Kind.SEND, buyer.member_id, key)
            self.in_flight += 1
            try:
                status, answer = await self._send(buyer, "attempts", body, {"Idempotency-Key": key})
            finally:
                self.in_flight -= 1
            self._note(buyer, key, status, answer, time.time() - began)
            if status == 201:
                self.won += 1
                return str(answer["order_no"])
            if status == 202:
                order_no, known = await self._follow(buyer, key, str(answer["attempt_id"]), give_up)
                if known:
                    return order_no
            elif 400 <= status < 500 and status != 429:
                return ""
            await asyncio.sleep(chance.uniform(0.1, 0.6))
        return ""

    async def _follow(self, buyer: Buyer, key: str, attempt_id: str, give_up: float) -> tuple[str, bool]:
        while time.time() < give_up:
            await asyncio.sleep(0.2)
            status, answer = await self._send(buyer, f"attempts/{attempt_id}", None, {})
            match answer.get("status") if status == 200 else None:
                case "won":
                    self.won += 1
                    self._note(buyer, key, 201, answer, 0.0)
                    return str(answer["order_no"]), True
                case "refused":
                    self._note(buyer, key, 409, answer, 0.0)
                    return "", True
                case "interrupted":
                    return "", False
        return "", False

    async def _pay(self, buyer: Buyer, key: str, order_no: str, delay: int) -> None:
        """Pay through the sandbox, whose notice comes ``delay`` seconds later."""
        for _ in range(20):
            url = f"{self._plan.base_url}/api/v1/orders/{order_no}/payments"
            status, answer = await self._request(
                "POST", url, {"method": "alipay"}, buyer, {"Idempotency-Key": f"pay-{order_no}"}
            )
            if status == 201:
                body = {"payment_no": answer["payment_no"], "outcome": "paid", "delay_s": delay}
                paid, _ = await self._request("POST", f"{self._plan.base_url}/sandbox/alipay/pay", body, None, {})
                if paid == 202:
                    self.paid += 1
                    self._writer.add(Kind.PAID, buyer.member_id, key, order_no=order_no)
                    return
            elif 400 <= status < 500 and status != 429:
                return
            await asyncio.sleep(0.3)

    def _note(self, buyer: Buyer, key: str, status: int, answer: dict[str, Any], took: float) -> None:
        error = answer.get("error")
        code = str(error.get("code", "")) if isinstance(error, dict) else str(answer.get("code") or "")
        self._writer.add(
            Kind.ANSWER,
            buyer.member_id,
            key,
            status=status,
            code=code,
            order_no=str(answer.get("order_no") or ""),
            attempt_id=str(answer.get("attempt_id") or ""),
            took=took,
        )

    async def _send(
        self, buyer: Buyer, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        url = f"{self._plan.base_url}/api/v1/flash-sales/{self._plan.item_id}/{path}"
        return await self._request("GET" if body is None else "POST", url, body, buyer, headers)

    async def _request(
        self, method: str, url: str, body: dict[str, Any] | None, buyer: Buyer | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON; 0 for a connection that broke, which says nothing about the outcome."""
        if buyer is not None:
            headers = headers | {"Authorization": f"Bearer {buyer.token}"}
        try:
            async with self._session.request(method, url, json=body, headers=headers) as response:
                raw = await response.read()
                answer = msgspec.json.decode(raw) if raw else {}
                return response.status, answer if isinstance(answer, dict) else {}
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
            return 0, {}
