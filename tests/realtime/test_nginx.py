"""deploy/nginx.conf: its words against the code, and a real nginx, where there is one, before three web processes."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import playwright.async_api as playwright
import pytest
from aiohttp.test_utils import unused_port

from realtime.api import PATH
from realtime.wire.engine import Options
from realtime.wire.relay import SID
from server.http import sockets
from server.pictures import MOST_BYTES
from server.settings import Settings
from tests import databases
from tests.bundles import Parser
from tests.databases import Addresses
from tests.realtime.conftest import Listener
from tests.realtime.stock import Stock, empty_page
from tests.waiting import until

CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
FOLDER = "/run/lingfeng/"
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
ONE_OF_OURS = 48
"""Our logical databases of Valkey lie above those of single tests."""
_UNITS = {"s": 1, "k": 1024, "m": 1024**2}


def _directive(text: str, name: str) -> int:
    found = re.search(rf"^\s*{name} (\d+)([skm]);", text, re.MULTILINE)
    assert found, name
    return int(found[1]) * _UNITS[found[2]]


def _block(text: str, head: str) -> str:
    found = re.search(rf"^ *{re.escape(head)} \{{\n(.*?)^ *\}}", text, re.MULTILINE | re.DOTALL)
    assert found, head
    return found[1]


def test_the_configuration_speaks_of_the_sockets_and_names_that_the_code_uses(settings: Settings) -> None:
    text = CONF.read_text()
    numbers = range(1, 5)
    files = [f"{FOLDER}{sockets.path(settings, number).name}" for number in numbers]
    assert re.findall(r"server unix:(\S+)", _block(text, "upstream lingfeng")) == files
    routes = dict(re.findall(r'"~(\S+)" +(\w+);', _block(text, "map $arg_sid $lingfeng_of_session")))
    assert len(routes) == 4
    for number, file in zip(numbers, files, strict=True):
        name = sockets.name_of(number)
        servers = re.findall(r"server unix:(\S+) ?(.*);", _block(text, f"upstream lingfeng_{name}"))
        assert servers[0] == (file, "max_fails=0")
        assert sorted(servers[1:]) == [(other, "backup max_fails=0") for other in files if other != file]
        (pattern,) = [pattern for pattern, upstream in routes.items() if upstream == f"lingfeng_{name}"]
        assert pattern == "^" + SID.pattern.replace("(w[1-9][0-9]?)", name) + "$"
    assert "default                              lingfeng;" in text


def test_its_times_and_sizes_fit_what_the_code_says() -> None:
    text = CONF.read_text()
    realtime = _block(text, f"location {PATH}")
    heartbeat = Options().ping_interval + Options().ping_timeout
    assert _directive(realtime, "proxy_read_timeout") > heartbeat
    assert _directive(realtime, "proxy_send_timeout") > heartbeat
    assert _directive(realtime, "client_max_body_size") > Options().largest
    assert _directive(text, "client_max_body_size") > MOST_BYTES
    assert _directive(_block(text, "upstream lingfeng"), "keepalive_timeout") < 75
    # nginx forgets what was set outside as soon as a block sets one header itself
    for header in ("Host $http_host", "X-Forwarded-For $proxy_add_x_forwarded_for", "Upgrade", "Connection"):
        assert f"proxy_set_header {header}" in realtime
    assert "proxy_buffering off;" in realtime


class Stage:
    """A `lingfeng web --workers 3`, and nginx before it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"

    def pid(self, number: int) -> int:
        """Return the process of a worker."""
        return int((self.home / "run" / f"web{'' if number == 1 else f'-{number}'}.pid").read_text())

    async def token(self) -> str:
        """Return a guest's connection token."""
        async with aiohttp.ClientSession() as http, http.post(f"{self.url}/api/v1/realtime/tokens") as answer:
            assert answer.status == 201, await answer.text()
            token = (await answer.json())["token"]
            assert isinstance(token, str)
            return token

    async def status(self, path: str, socket: int | None = None) -> int:
        """Return how a path is answered, by nginx or by one worker."""
        connector = aiohttp.UnixConnector(str(self.home / "run" / f"web-{socket}.sock")) if socket else None
        async with aiohttp.ClientSession(connector=connector) as http:
            try:
                async with http.get(f"{self.url}{path}") as answer:
                    return answer.status
            except aiohttp.ClientError:
                return 0


@contextlib.contextmanager
def _started(command: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out, subprocess.Popen(command, env=environ, stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(35)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
async def house(addresses: Addresses, template: str) -> AsyncIterator[Stage]:
    """Three workers and an nginx for all tests here."""
    if NGINX is None:
        pytest.skip("no nginx on this machine")
    name, number = await databases.create(addresses, template), int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    # A short path, for the sockets; nginx's worker has to enter it.
    with tempfile.TemporaryDirectory(prefix="lf-nginx-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        made = Stage(place / "home", unused_port())
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LINGFENG_")} | {
            "DATABASE_URL": addresses.database(name),
            "REDIS_URL": f"{addresses.redis_url}?db={ONE_OF_OURS + number}",
            "LINGFENG_HOME": str(made.home),
            "LINGFENG_PORT": str(unused_port()),
            "LINGFENG_BASE_URL": made.url,
            "LINGFENG_SECRET": "only-for-tests-" * 3,
            "LINGFENG_LIMIT_LOOPBACK": "0",
            "LINGFENG_DRAIN_SECONDS": "4",
        }
        text = CONF.read_text().replace(FOLDER, f"{made.home}/run/").replace("listen [::]:80;", "")
        (place / "site.conf").write_text(text.replace("listen 80;", f"listen {made.url.removeprefix('http://')};"))
        places = "".join(f"{kind}_temp_path {place}/{kind};" for kind in KINDS)
        (place / "nginx.conf").write_text(
            f"{f'user {getpass.getuser()};' if os.geteuid() == 0 else ''} daemon off; worker_processes 1;"
            f"pid {place}/nginx.pid; error_log stderr; events {{ worker_connections 1024; }}"
            f"http {{ access_log off; {places} include {place}/site.conf; }}"
        )
        proxy = [NGINX, "-p", folder, "-c", str(place / "nginx.conf"), "-e", "stderr"]
        workers = [sys.executable, "-m", "server.cli", "web", "--workers", "3"]
        with _started(workers, environ, place / "web.log"), _started(proxy, {}, place / "nginx.log"):
            yield made
    await databases.drop(addresses, name)


@pytest.fixture
async def stage(house: Stage) -> Stage:
    """The workers and the nginx, all of them ready, whatever the test before did to them."""
    try:
        async with asyncio.timeout(60):
            for number in (1, 2, 3):
                while await house.status("/readyz", number) != 200:
                    await asyncio.sleep(0.1)
            while await house.status("/readyz") != 200:
                await asyncio.sleep(0.1)
    except TimeoutError:
        folder = house.home.parent
        pytest.fail((folder / "web.log").read_text()[-3000:] + (folder / "nginx.log").read_text()[-3000:])
    return house


class Client:
    """A stock client that comes back with a new token, as pages do."""

    def __init__(self, stage: Stage, transports: list[str] | None) -> None:
        self._stage = stage
        self._options = {} if transports is None else {"transports": transports}
        self.listener = Listener()

    async def connect(self) -> None:
        self.listener = Listener()
        options: dict[str, Any] = self._options or {"transports": None}
        await self.listener.connect(self._stage.url, await self._stage.token(), **options)

    @property
    def sid(self) -> str:
        return str(self.listener.client.eio.sid)

    async def well(self) -> bool:
        """Tell whether its requests are answered."""
        page = await self.listener.ask("sync", {"epoch": "", "seq": 0})
        return bool(page["ok"])


async def test_every_transport_through_nginx(stage: Stage) -> None:
    async def through(transports: list[str] | None, arrived: str) -> None:
        clients = [Client(stage, transports) for _ in range(6)]
        for client in clients:
            await client.connect()
        assert {client.sid[:3] for client in clients} == {"w1.", "w2.", "w3."}
        for client in clients:
            assert await client.well()
            assert client.listener.client.transport() == arrived
        for client in clients:
            await client.listener.client.disconnect()

    await through(None, "websocket")  # polling, then the upgrade
    await through(["polling"], "polling")
    await through(["websocket"], "websocket")
    assert await stage.status("/metrics") == 404
    assert await stage.status("/socket.io/?EIO=4&transport=polling&sid=w2." + "A" * 20) == 400
    assert await stage.status("/socket.io/?EIO=4&transport=polling&sid=w4." + "A" * 20) == 400  # no such worker here
    assert await stage.status("/socket.io/?EIO=4&transport=polling&sid=../../x") == 400


async def test_clients_of_a_killed_worker_are_back_on_others(stage: Stage) -> None:
    clients = [Client(stage, transports) for transports in (None, ["polling"], ["websocket"]) * 4]
    for client in clients:
        await client.connect()
    left = [client for client in clients if client.sid.startswith("w2.")]
    assert left
    before = stage.pid(2)
    os.kill(before, signal.SIGKILL)
    await until(lambda: not any(client.listener.client.connected for client in left), 10)
    for client in clients:
        if client in left:
            await client.connect()
        assert await client.well()
    await until(lambda: stage.pid(2) != before, 10)
    async with asyncio.timeout(30):
        while await stage.status("/readyz", 2) != 200:  # its place is taken again, over the socket it left behind
            await asyncio.sleep(0.1)
    for client in clients:
        await client.listener.client.disconnect()


async def test_one_worker_is_drained_behind_nginx_and_nobody_is_refused(stage: Stage) -> None:
    clients = [Client(stage, transports) for transports in (None, ["polling"], ["websocket"]) * 4]
    for client in clients:
        await client.connect()
    left = [client for client in clients if client.sid.startswith("w3.")]
    os.kill(stage.pid(3), signal.SIGTERM)
    told: list[int] = []

    async def ask() -> None:
        async with aiohttp.ClientSession() as http:
            while True:
                async with http.get(f"{stage.url}/socket.io/?EIO=4&transport=polling") as answer:
                    told.append(answer.status)
                    if answer.status == 200:
                        msgspec.json.decode((await answer.text())[1:])
                async with http.post(f"{stage.url}/api/v1/realtime/tokens") as answer:
                    told.append(answer.status)  # what nginx cannot send twice

    asking = asyncio.create_task(ask())
    await until(lambda: not any(client.listener.client.connected for client in left), 10)
    for client in left:
        await client.connect()
        assert await client.well()
    await asyncio.sleep(1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert len(told) > 20
    assert set(told) == {200, 201}
    for client in clients:
        await client.listener.client.disconnect()


@pytest.mark.browser
@pytest.mark.parametrize("parser", list(Parser))
async def test_the_stock_javascript_client_does_not_notice_nginx_and_survives_a_killed_worker(
    stage: Stage, chromium: playwright.Browser, parser: Parser
) -> None:
    page = await empty_page(chromium)
    stock = Stock(page)
    await stock.visit(stage.url, parser)
    for number in range(4):
        await stock.open(f"usual{number}", forceNew=True)
        await stock.open(f"polling{number}", forceNew=True, transports=["polling"])
        await stock.open(f"websocket{number}", forceNew=True, transports=["websocket"])
    await stock.until("Object.values(sockets).every((one) => one.connected)")
    names = "Object.fromEntries(Object.entries(sockets).map(([name, one]) => [name, one.io.engine.transport.name]))"
    await stock.until(f"Object.entries({names}).every(([name, by]) => by === (/^poll/.test(name) ? by : 'websocket'))")
    assert {by for name, by in (await stock.run(names)).items() if name.startswith("polling")} == {"polling"}
    workers = await stock.run(
        "Object.fromEntries(Object.entries(sockets).map(([name, one]) => [name, one.io.engine.id.slice(0, 3)]))"
    )
    assert set(workers.values()) == {"w1.", "w2.", "w3."}
    os.kill(stage.pid(2), signal.SIGKILL)
    left = sorted(name for name, worker in workers.items() if worker == "w2.")
    for name in left:
        await stock.until(f"of('{name}', 'reconnect').length === 1 && sockets['{name}'].connected")
    for name in workers:
        assert (await stock.ask(name, "sync", {"epoch": "", "seq": 0}))["ok"]
        assert len(await stock.heard(name, "reconnect")) == (name in left)
    await page.close()
