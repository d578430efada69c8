"""The crowd of the seckill scenario: buyers over HTTP, watchers over Socket.IO.

Run by loadtest/seckill.py; by hand with ``LINGFENG_LOADTEST_PLAN=…/plan.json locust -f loadtest/locustfile.py``.
"""

from __future__ import annotations

import fcntl
import random
import time
import uuid
from pathlib import Path
from typing import Any, cast

import gevent
from locust import FastHttpUser, constant, events, task
from locust.contrib.socketio import SocketIOUser
from locust.exception import StopUser

from loadtest import plan as plans
from loadtest.history import Kind, Writer

PLAN = plans.read()
RETRIES = 12
_writer: Writer | None = None


def writer() -> Writer:
    """Return this process's history (made after locust has forked)."""
    global _writer
    if _writer is None:
        _writer = Writer(PLAN.folder)
    return _writer


def claim(name: str) -> int:
    """Return the next number of ``name``, each once, whichever of locust's processes asks."""
    with (Path(PLAN.folder) / f"{name}.count").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = int(file.read() or 0)
        file.truncate(0)
        file.write(str(number + 1))
        return number


class Member(FastHttpUser):
    """Tries to buy once, retries what is unknown with the same key, sometimes clicks twice, sometimes pays."""

    fixed_count = len(PLAN.buyers)
    host = PLAN.base_url
    wait_time = constant(0)
    connection_timeout = 5.0
    network_timeout = 15.0

    def on_start(self) -> None:
        """Become one of the plan's buyers."""
        number = claim("buyer")
        if number >= len(PLAN.buyers):
            raise StopUser
        self.buyer = PLAN.buyers[number]
        self.random = random.Random(f"{PLAN.seed}:{number}")
        self.head = {"Authorization": f"Bearer {self.buyer.token}"}
        self.key = f"{uuid.UUID(int=self.random.getrandbits(128))}"

    @task
    def buy(self) -> None:
        """Fetch a ticket, wait for the start, try, pay, leave."""
        ticket = self.ticket()
        if ticket is not None:
            start = PLAN.starts_at + abs(self.random.gauss(0, PLAN.spread))
            gevent.sleep(max(0.0, start - time.time()))
            twice = [gevent.spawn(self.attempt, ticket)] if self.random.random() < PLAN.double else []
            order_no = self.attempt(ticket)
            gevent.joinall(twice, timeout=30)
            if order_no and self.random.random() < PLAN.pay:
                self.pay(order_no)
        writer().add(Kind.DONE, self.buyer.member_id, self.key)
        raise StopUser

    def ticket(self) -> str | None:
        """Return an admission ticket, or None when none is to be had."""
        gevent.sleep(self.random.uniform(0, max(0.0, PLAN.starts_at - time.time() - 1)))
        for _ in range(RETRIES):
            with self.client.post(
                f"/api/v1/flash-sales/{PLAN.item_id}/tickets", headers=self.head, name="ticket", catch_response=True
            ) as response:
                if response.status_code == 201:
                    response.success()
                    return str(response.json()["ticket"])
                response.failure(f"{response.status_code} {_code(response)}")
            gevent.sleep(self.random.uniform(0.2, 0.6))
        return None

    def attempt(self, ticket: str) -> str:
        """Send the key until its outcome is known; return the order number of a win, else nothing."""
        for _ in range(RETRIES):
            body = {"ticket": ticket, "quantity": 1}
            head = self.head | {"Idempotency-Key": self.key}
            began = time.time()
            writer().add(Kind.SEND, self.buyer.member_id, self.key)
            with self.client.post(
                f"/api/v1/flash-sales/{PLAN.item_id}/attempts",
                json=body,
                headers=head,
                name="attempt",
                catch_response=True,
            ) as response:
                status, code, answer = response.status_code, _code(response), _json(response)
                if status in (201, 202, 409):
                    response.success()
                else:
                    response.failure(f"{status} {code}")
            order_no = str(answer.get("order_no", ""))
            self.note(status, code, order_no, str(answer.get("attempt_id", "")), time.time() - began)
            if status == 201:
                return order_no
            if status == 202:
                order_no, known = self.follow(str(answer["attempt_id"]))
                if known:
                    return order_no
            elif 400 <= status < 500 and status != 429:
                return ""
            gevent.sleep(self.random.uniform(0.3, 1.2))
        return ""

    def follow(self, attempt_id: str) -> tuple[str, bool]:
        """Ask what became of a queued attempt: its order number, and whether the outcome is known."""
        for _ in range(40):
            gevent.sleep(self.random.uniform(0.2, 0.4))
            with self.client.get(
                f"/api/v1/flash-sales/{PLAN.item_id}/attempts/{attempt_id}",
                headers=self.head,
                name="attempt status",
                catch_response=True,
            ) as response:
                answer = _json(response)
                if response.status_code == 200:
                    response.success()
                else:
                    response.failure(f"{response.status_code} {_code(response)}")
            match answer.get("status"):
                case "won":
                    self.note(201, "", str(answer["order_no"]), attempt_id, 0.0)
                    return str(answer["order_no"]), True
                case "refused":
                    self.note(409, str(answer.get("code", "refused")), "", attempt_id, 0.0)
                    return "", True
                case "interrupted":
                    return "", False
        return "", False

    def note(self, status: int, code: str, order_no: str, attempt_id: str, took: float) -> None:
        """Keep an answer in the history."""
        writer().add(
            Kind.ANSWER,
            self.buyer.member_id,
            self.key,
            status=status,
            code=code,
            order_no=order_no,
            attempt_id=attempt_id,
            took=took,
        )

    def pay(self, order_no: str) -> None:
        """Pay the order through the sandbox's headless cashier."""
        head = self.head | {"Idempotency-Key": f"pay-{order_no}"}
        with self.client.post(
            f"/api/v1/orders/{order_no}/payments",
            json={"method": "alipay"},
            headers=head,
            name="pay",
            catch_response=True,
        ) as response:
            payment_no = _json(response).get("payment_no")
            if response.status_code != 201:
                response.failure(f"{response.status_code} {_code(response)}")
                return
            response.success()
        self.client.post("/sandbox/alipay/pay", json={"payment_no": payment_no, "outcome": "paid"}, name="sandbox: pay")
        writer().add(Kind.PAID, self.buyer.member_id, self.key, order_no=order_no)


class Watcher(SocketIOUser):
    """Watches the sale over Socket.IO and counts what it hears."""

    abstract = PLAN.watchers == 0
    fixed_count = PLAN.watchers
    host = PLAN.base_url
    wait_time = constant(1)
    options = {"serializer": "msgpack", "reconnection_attempts": 20}

    def on_start(self) -> None:
        """Connect as one of the members and watch the item."""
        import requests

        buyer = PLAN.buyers[claim("watcher") % len(PLAN.buyers)]
        response = requests.post(
            f"{PLAN.base_url}/api/v1/realtime/tokens",
            headers={"Authorization": f"Bearer {buyer.token}"},
            timeout=10,
        )
        client = cast(Any, self.sio)
        client.connect(
            PLAN.base_url,
            auth={"token": response.json()["token"]},
            namespaces=["/member"],
            transports=["websocket"],
            wait_timeout=15,
        )
        answer = client.call("watch", {"item_id": PLAN.item_id}, namespace="/member", timeout=15)
        if not answer or not answer.get("ok"):
            raise StopUser

    @task
    def listen(self) -> None:
        """Stay until the run ends."""
        gevent.sleep(max(0.5, PLAN.stop_at - time.time()))

    def on_stop(self) -> None:
        """Leave."""
        self.sio.disconnect()


def _quiet(environment: Any, **_: Any) -> None:
    """Refusals are the product: the exit code is the judge's to give, not locust's."""
    environment.process_exit_code = 0


cast(Any, events.quitting).add_listener(_quiet)


def _json(response: Any) -> dict[str, Any]:
    if not response.text:  # the connection broke
        return {}
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(response: Any) -> str:
    error = _json(response).get("error") if response.status_code >= 400 else None
    if isinstance(error, dict):
        return str(error.get("code", ""))
    return "" if response.status_code else "connection"
