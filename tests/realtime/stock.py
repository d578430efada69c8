"""The stock JavaScript client in one empty page of a real Chromium that visits one site after the other."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import playwright.async_api as playwright

from tests.bundles import Parser, socket_io

PATH = "/healthz"
"""A page with nothing on it that really comes from the site: one made up by the driver may open no WebSocket."""
HARNESS = """
window.sockets = {};

// Connects, notes under `name` whatever happens, and fetches a token for each attempt.
window.open_ = (name, namespace, {bearer, token, ...options} = {}) => {
    const ask = {method: "POST", headers: bearer ? {Authorization: `Bearer ${bearer}`} : {}};
    const fresh = async () => (await (await fetch("/api/v1/realtime/tokens", ask)).json()).token;
    const auth = (give) => token !== undefined ? give({token}) : fresh().then((token) => give({token}), () => give({}));
    const socket = sockets[name] = io(namespace, {auth, reconnectionDelay: 50, reconnectionDelayMax: 300, ...options});
    socket.log = [];
    socket.on("connect", () => socket.log.push(["connect"]));
    socket.on("disconnect", (reason) => socket.log.push(["disconnect", reason]));
    socket.on("connect_error", (error) => socket.log.push(["connect_error", error.message, error.data]));
    socket.io.on("reconnect_attempt", () => socket.log.push(["reconnect_attempt"]));
    socket.io.on("reconnect", () => socket.log.push(["reconnect"]));
    socket.onAny((...event) => socket.log.push(event));
};
window.of = (name, event) => sockets[name].log.filter((entry) => entry[0] === event);
// What JSON cannot carry out of the page.
window.plain = (value) => value instanceof ArrayBuffer ? {bytes: [...new Uint8Array(value)]}
    : Array.isArray(value) ? value.map(plain)
    : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
    : value;
"""


class Stock:
    """The page, as a test speaks to it."""

    def __init__(self, page: playwright.Page) -> None:
        self.page = page

    async def visit(self, url: str, parser: Parser) -> None:
        """Begin anew at a site, with nothing left of what was open before."""
        await self.page.goto(url + PATH)
        await self.page.add_script_tag(path=socket_io(parser))
        await self.page.evaluate(HARNESS)

    async def run(self, script: str, argument: Any = None) -> Any:
        """Return what an expression, or a function of ``argument``, gives in the page."""
        return await self.page.evaluate(script, argument)

    async def open(self, name: str, namespace: str = "/member", **options: Any) -> None:
        """Connect to a namespace; `options` are the client's, and `bearer` or `token`."""
        await self.run("([name, namespace, options]) => open_(name, namespace, options)", [name, namespace, options])

    async def until(self, expression: str, seconds: float = 15) -> None:
        """Return when ``expression`` is true."""
        deadline = time.monotonic() + seconds
        while not await self.run(expression):
            assert time.monotonic() < deadline, (expression, await self.logs())
            await asyncio.sleep(0.02)

    async def logs(self) -> Any:
        """Return what happened to each socket."""
        return await self.run("Object.entries(sockets).map(([name, socket]) => [name, plain(socket.log.slice(-20))])")

    async def ask(self, name: str, event: str, *arguments: Any) -> Any:
        """Emit an event and return its acknowledgement."""
        script = "([name, event, given]) => sockets[name].timeout(10000).emitWithAck(event, ...given).then(plain)"
        return await self.run(script, [name, event, arguments])

    async def heard(self, name: str, event: str) -> list[Any]:
        """Return what came with ``event``, without its name."""
        found: list[Any] = await self.run("([name, event]) => plain(of(name, event))", [name, event])
        return [entry[1:] for entry in found]


async def empty_page(chromium: playwright.Browser) -> playwright.Page:
    """Return a page in which scripts of the test may run, whatever the sites' policy is."""
    return await chromium.new_page(locale="zh-CN", bypass_csp=True)
