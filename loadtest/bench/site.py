"""A platform of a benchmark's own: durable engines on a disk, a web process, a shop with one SKU, staff, buyers."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from loadtest.bench.process import cpu_of
from loadtest.bench.store import filesystem
from server.engines import Engines
from server.features import FEATURES
from server.migrations import migrate

STAFF_TOKEN = "bench-staff-" + "s" * 32
STOCK = 10_000_000


class Site:
    """The running web process."""

    def __init__(self, pid: int, port: int, database_url: str, kind: str, env: dict[str, str]) -> None:
        self.pid, self.port, self.database_url, self.filesystem, self.env = pid, port, database_url, kind, env

    def cpu(self) -> float:
        """Seconds of CPU of the web process so far, all threads, to the nanosecond."""
        return cpu_of(self.pid)

    def call(self, method: str, path: str, token: str, body: Any = None, key: str = "") -> dict[str, Any]:
        """Return the JSON answer to one request. Raises HTTPError."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else msgspec.json.encode(body),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        if key:
            request.add_header("Idempotency-Key", key)
        with urllib.request.urlopen(request, timeout=20) as response:
            answer: dict[str, Any] = msgspec.json.decode(response.read())
            return answer

    def sale(self, sku_id: int, quantity: int, *, starts_in: float = -1.0) -> int:
        """Return a published sale of ``quantity`` units."""
        at = datetime.now(UTC)
        body = {
            "sku_id": str(sku_id),
            "title": "bench",
            "price": 990,
            "quantity": quantity,
            "limit_per_member": 1,
            "starts_at": (at + timedelta(seconds=starts_in)).isoformat(timespec="milliseconds"),
            "ends_at": (at + timedelta(hours=1)).isoformat(timespec="milliseconds"),
        }
        path = "/api/v1/backoffice/flash-sales"
        item_id = int(self.call("POST", path, STAFF_TOKEN, body, f"c{time.time_ns()}")["item_id"])
        self.call("POST", f"{path}/{item_id}/publish", STAFF_TOKEN, key=f"p{time.time_ns()}")
        return item_id

    def buyers(self, count: int) -> list[str]:
        """Return the tokens of new members with an address."""
        out = subprocess.run(
            [sys.executable, "-m", "server.cli", "demo", "buyers", str(count)],
            env=self.env,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        return [msgspec.json.decode(line)["token"] for line in out.splitlines() if line.startswith(b"{")]


def request(path: str, token: str, body: Any, key: str = "") -> bytes:
    """Return the bytes of a POST as a shopper's client sends it."""
    raw = msgspec.json.encode(body)
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: bench",
        "Accept: application/json",
        "Accept-Language: zh-CN,zh;q=0.9",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(raw)}",
    ]
    if key:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join([*lines, "", ""]).encode() + raw


def fire(port: int, requests: Sequence[bytes], *, connections: int = 64) -> dict[int, int]:
    """Send the requests over ``connections`` sockets, one at a time on each, and count the statuses."""
    poll, todo, out = select.epoll(), iter(requests), 0
    open_: dict[int, socket.socket] = {}
    parts: dict[int, bytes] = {}
    statuses: dict[int, int] = {}
    for _ in range(connections):
        peer = socket.create_connection(("127.0.0.1", port))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_[peer.fileno()] = peer
        poll.register(peer.fileno(), select.EPOLLIN)
    for peer in open_.values():
        if (one := next(todo, None)) is not None:
            peer.sendall(one)
            out += 1
    while out:
        for number, _ in poll.poll(30):
            raw = parts.pop(number, b"") + open_[number].recv(65536)
            head, end, rest = raw.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0) if end else 1
            if not end or len(rest) < length:
                assert raw, "the server closed a connection"
                parts[number] = raw
                continue
            status = int(head[9:12])
            statuses[status] = statuses.get(status, 0) + 1
            out -= 1
            if (one := next(todo, None)) is not None:
                open_[number].sendall(one)
                out += 1
    poll.close()
    for peer in open_.values():
        peer.close()
    return statuses


def disk() -> tuple[Path, str]:
    """Return the folder to work in and its filesystem's kind. Raises SystemExit where that is memory."""
    base = Path(os.environ.get("LINGFENG_BENCH_DIR", "var/bench"))
    base.mkdir(parents=True, exist_ok=True)
    kind = filesystem(base)
    if kind in {"tmpfs", "ramfs"}:
        raise SystemExit(f"{base} is memory ({kind}), no disk; name a folder on one in LINGFENG_BENCH_DIR")
    return base, kind


@contextmanager
def site() -> Iterator[tuple[Site, int]]:
    """The platform and the id of its SKU, under ``var/bench`` or ``LINGFENG_BENCH_DIR``."""
    base, kind = disk()
    home = Path(tempfile.mkdtemp(prefix="site-", dir=base))
    engines = Engines(home)
    process: subprocess.Popen[bytes] | None = None
    try:
        engines.start()
        sku_id = asyncio.run(furnish(engines.database_url))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = os.environ | {
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
            "LINGFENG_HOME": str(home),
            "LINGFENG_PORT": str(port),
            "LINGFENG_LOG_LEVEL": "warning",
            "LINGFENG_LIMIT_LOOPBACK": "0",
        }
        process = subprocess.Popen([sys.executable, "-m", "loadtest.bench.site_server"], env=env)
        _wait(port)
        yield Site(process.pid, port, engines.database_url, kind, env), sku_id
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        engines.close()
        shutil.rmtree(home, ignore_errors=True)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


async def furnish(url: str) -> int:
    """Migrate the database at ``url`` and put a shop with one SKU and a member of staff into it; return the SKU."""
    await migrate(url, FEATURES)
    db: Any = await asyncpg.connect(url)
    try:
        sku_id: int = await db.fetchval(
            """
            WITH s AS (INSERT INTO shops (slug, name) VALUES ('bench', 'bench') RETURNING id),
            c AS (INSERT INTO categories (slug, name) VALUES ('bench', 'bench') RETURNING id),
            p AS (
                INSERT INTO products (shop_id, category_id, slug, title, status)
                SELECT s.id, c.id, 'bench', 'bench', 'on' FROM s, c RETURNING id
            )
            INSERT INTO skus (product_id, code, price) SELECT id, 'bench', 9900 FROM p RETURNING id
            """
        )
        await db.execute("INSERT INTO stock (sku_id, on_hand) VALUES ($1, $2)", sku_id, STOCK)
        staff_id = await db.fetchval(
            "INSERT INTO staff (account, name, password_hash) VALUES ('bench', 'bench', '') RETURNING id"
        )
        await db.execute(
            "INSERT INTO staff_roles (staff_id, role_id) SELECT $1, id FROM roles WHERE permissions @> '{*}' LIMIT 1",
            staff_id,
        )
        await db.execute(
            "INSERT INTO sessions (digest, kind, subject_id, expires_at) "
            "VALUES ($1, 'staff', $2, now() + interval '1 hour')",
            sha256(STAFF_TOKEN.encode()).digest(),
            staff_id,
        )
        return sku_id
    finally:
        await db.close()
