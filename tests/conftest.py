"""One PostgreSQL and one Valkey for the whole run; each test has a database and a Redis as if they were new.

The process that pytest was started in holds the engines, pytest-xdist's workers are told their addresses. They end
with it, however it ends. Nothing in them needs to survive a power cut, so nothing waits for the disk; a test that
wants durable ones, or wants to kill them, asks for `own_engines`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis.asyncio as aioredis
import structlog
import uvloop
from aiohttp.test_utils import TestClient, TestServer, unused_port
from hypothesis import settings as property_settings
from playwright import async_api as playwright
from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import add_log_level
from xdist.scheduler import LoadScopeScheduling

from server.application import Application, build
from server.engines import Busy, Engines, Lock
from server.http.web import web_app
from server.settings import Settings
from tests import databases
from tests.browser import find as find_browser
from tests.databases import Addresses, Kept

# A slow machine is no failure: a test that hangs meets the suite's own time limit.
property_settings.register_profile("suite", deadline=None)
property_settings.load_profile("suite")

FAST_POSTGRES = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400"}
FAST_VALKEY = {"appendfsync": "no", "databases": "64"}
PREFIX = "lingfeng-tests-"
ENGINES = pytest.StashKey[Engines]()
TOGETHER = {
    "tests/faults/test_rush.py::": "faults",
    "tests/realtime/test_drain.py::test_nobody_loses_an_event_when_a_process_is_drained": "faults",
    "tests/realtime/test_nginx.py::": "nginx",
}
"""How tests begin that one process of the run takes one after the other, and under which name: they share a platform,
or a second one beside them would be too much. Groups come first, the longest before the others."""
FAULT = "[fault]"
WATCH = f"""
addEventListener("securitypolicyviolation", (event) =>
    console.error("{FAULT} policy", event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber));
addEventListener("htmx:evalDisallowedError", () => console.error("{FAULT} htmx was asked to evaluate code"));
"""


def _sweep() -> None:
    """Remove what runs that were killed left behind: folders older than a minute whose lock nobody holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, Busy):
            if time.time() - folder.stat().st_mtime > 60 and (folder / "lock").exists():
                Lock(folder / "lock", 0, "in use").close()
                shutil.rmtree(folder)


def _addresses(config: pytest.Config) -> Addresses:
    told: Mapping[str, str] | None = getattr(config, "workerinput", {}).get("engines")
    if told is not None:
        return msgspec.convert(told, Addresses)
    if ENGINES not in config.stash:
        _sweep()
        # A short path: a socket's address has 107 bytes.
        home = Path(tempfile.mkdtemp(prefix=PREFIX))
        engines = Engines(home, postgres=FAST_POSTGRES, valkey=FAST_VALKEY)
        config.stash[ENGINES] = engines
        engines.start()
    engines = config.stash[ENGINES]
    return Addresses(engines.database_url, engines.redis_url)


@pytest.fixture(autouse=True)
def _plain_log() -> None:
    """Log to standard output, whatever an earlier test configured; painting one traceback in colours takes a second."""
    structlog.reset_defaults()
    plain = ConsoleRenderer(exception_formatter=plain_traceback)
    structlog.configure(processors=[merge_contextvars, add_log_level, plain])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the engines are."""
    node.workerinput["engines"] = msgspec.to_builtins(_addresses(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand tests out one by one, and those of a group to one process, where the command line says so.

    The mark `xdist_group` would do nothing: pytest-xdist 3.8 writes it into a name that pytest 9.2 does not read.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    made = LoadScopeScheduling(config, log)
    made._split_scope = lambda test: next((name for start, name in TOGETHER.items() if test.startswith(start)), test)
    return made


def pytest_sessionstart() -> None:
    """Run the tests on the loop that the platform runs on. Collect no garbage while tests are: nothing of it is any."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    gc.disable()


def pytest_collection_finish() -> None:
    """Let the collector pass over what lives as long as the run: modules and tests, which it would read each time."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the engines and remove their data."""
    if engines := config.stash.get(ENGINES, None):
        engines.close()
        shutil.rmtree(engines.home)


@pytest.fixture(scope="session")
def addresses(pytestconfig: pytest.Config) -> Addresses:
    """Where the suite's engines are."""
    return _addresses(pytestconfig)


@pytest.fixture(scope="session")
async def template(addresses: Addresses) -> str:
    """Name of a database with every migration applied; made once for the run, to be copied."""
    return await databases.make_template(addresses)


@pytest.fixture(scope="session")
async def kept(addresses: Addresses, template: str) -> AsyncIterator[Kept]:
    """The copy of the template that the tests of this process take turns with."""
    made = Kept(addresses, template)
    yield made
    await made.close()


@pytest.fixture
async def database_url(addresses: Addresses, kept: Kept) -> AsyncIterator[str]:
    """DSN of a migrated database that nobody else uses, as the migrations left it."""
    yield addresses.database(await kept.lend())
    await kept.take_back()


@pytest.fixture
async def empty_database_url(addresses: Addresses) -> AsyncIterator[str]:
    """DSN of an empty database that belongs to this test alone."""
    name = await databases.create(addresses)
    yield addresses.database(name)
    await databases.drop(addresses, name)


@pytest.fixture
async def redis_url(addresses: Addresses) -> str:
    """URL of an emptied logical database of Valkey, one for each worker of the run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = f"{addresses.redis_url}?db={int(worker) + 1}"
    async with aioredis.from_url(url) as client:
        await client.flushdb()
    return url


@pytest.fixture(scope="session")
def furnish() -> Iterator[Callable[[Path], Path]]:
    """`furnish(home)` lays a new cluster into a data folder: a copy of one that was made once, as initdb takes long.

    Where root can only be `nobody`, clusters lie elsewhere and the copy is passed over: the engine makes its own.
    """
    with tempfile.TemporaryDirectory(prefix="lingfeng-new-") as folder:
        engines = Engines(Path(folder, "home"))
        try:
            engines.postgres.start()
        finally:
            engines.close()
        engines.postgres.save(Path(folder, "copy"))

        def lay(home: Path) -> Path:
            shutil.copytree(Path(folder, "copy"), home / "postgres", symlinks=True)
            return home

        yield lay


@pytest.fixture
def own_engines(furnish: Callable[[Path], Path]) -> Iterator[Engines]:
    """Durable engines of this test alone, to be killed, stopped and robbed of their data."""
    with tempfile.TemporaryDirectory(prefix="lingfeng-own-") as home, Engines(furnish(Path(home))) as engines:
        yield engines


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of a development process on this test's stores: sandboxes on, limits off."""
    port = unused_port()
    return Settings(
        home=tmp_path,
        database_url=database_url,
        database_direct_url=database_url,
        redis_url=redis_url,
        port=port,
        base_url=f"http://127.0.0.1:{port}",
        secret=b"only-for-tests-" * 3,
        sandboxes=True,
        limits=False,
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Application]:
    """The whole application on this test's stores, not yet running."""
    made = build(settings)
    yield made
    await made.database.close()  # opened without running by who asked for a connection


@pytest.fixture
async def client(app: Application, aiohttp_client: Any) -> TestClient[Any, Any]:
    """A client of a running web process, which answers at `settings.base_url`."""
    made: TestClient[Any, Any] = await aiohttp_client(TestServer(web_app(app), port=app.settings.port))
    return made


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[playwright.Browser]:
    """The Chromium of the run."""
    playwright.expect.set_options(timeout=20_000)  # a busy machine is no failure
    found = find_browser()
    async with playwright.async_playwright() as driver:
        launched = await driver.chromium.launch(
            executable_path=found.program, args=found.arguments, env={**found.environment}
        )
        yield launched
        await launched.close()


@pytest.fixture
async def browser(
    chromium: playwright.Browser, client: TestClient[Any, Any]
) -> AsyncIterator[playwright.BrowserContext]:
    """A phone's browser on the running site: `page = await browser.new_page(); await page.goto("/")`.

    The test fails when a page breaks the content security policy or leaves an error uncaught.
    """
    context = await chromium.new_context(
        base_url=str(client.make_url("/")),
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(30_000)  # nor is it here
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(f"uncaught: {error.error}"))
    context.on("console", lambda message: faults.append(message.text) if message.text.startswith(FAULT) else None)
    await context.add_init_script(WATCH)
    yield context
    for page in context.pages:
        # A handler that is at a request still would fail as its page goes, and the failure would strike the next test.
        await page.unroute_all(behavior="ignoreErrors")
    await context.unroute_all(behavior="ignoreErrors")
    await context.close()
    assert not faults
