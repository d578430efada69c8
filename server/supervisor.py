"""`lingfeng run`: everything for one machine, under one process.

Starts the engines that no address is given for, migrates, fills the demo shops, starts web and worker processes, and
starts again whatever ends by itself. A signal stops all of it in order: web and worker finish what they have in hand,
then the engines write everything down. Should this process be killed, the kernel ends the others.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import msgspec

from server.engines import Engine, Engines, EnginesError
from server.processes import Console, Keeper, Service, names, stop_together, wait_for_word
from server.webs import hold_port, webs

READY_SECONDS = 60.0
STOPPING_SECONDS = 5.0
"""What the last run of the same data folder is given to end."""
ADDRESSES = Path("run", "environment.json")
"""Where a running supervisor tells other commands of the same data folder how to reach its engines."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run."""

    home: Path
    host: str
    port: int
    web: int = 1
    workers: int = 1
    demo: bool = True


class RunError(RuntimeError):
    """The platform could not be started; the message says what to do."""


def run(plan: Plan, environ: Mapping[str, str] = os.environ, out: TextIO = sys.stdout) -> int:
    """Run the platform until a signal says stop; return the exit code. Raises RunError, EnginesError."""
    console = Console(out)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:  # nohup means what it says
            signal.signal(sign, lambda *_: stop.set())
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        held = stack.enter_context(_port(plan, stop))
        port = held.getsockname()[1]
        engines = Engines(plan.home, wait=STOPPING_SECONDS, cancel=stop)
        stack.callback(console.say, "Stopped.")
        stack.callback(engines.close)
        env = environment(plan, port, environ)
        try:
            for name, engine in embedded(engines, env):
                console.say(f"Starting {engine.name} …")
                engine.start()
                _keep(Keeper(engine, console), stack)
                env[name] = engine.url
        except EnginesError:
            if stop.is_set():
                return 0
            raise
        stack.enter_context(_addresses_told(engines.home, env))

        def service(name: str, command: str, number: int = 0) -> Service:
            numbered = env | {"LINGFENG_WORKER": str(number)} if number else env
            return Service(name, [command], numbered, engines.home, engines.lock.fd, console)

        steps = {"migrate": "Bringing the schema up to date …", "demo": "Filling the demo shops …"}
        for step, words in steps.items():
            if step == "demo" and not plan.demo:
                continue
            console.say(words)
            code = _finish(service(step, step), stop)
            if code or stop.is_set():
                return 0 if stop.is_set() else code
        keepers = [*webs(plan.web, env, engines.home, console, engines.lock.fd)]
        for number, name in enumerate(names("worker", plan.workers), 1):
            keepers.append(Keeper(service(name, "worker", number), console))
        stack.callback(held.close)  # with the last web process, and not with the engines
        stack.callback(stop_together, keepers)
        for keeper in keepers:
            keeper.child.start()
            keeper.start()
        if _wait_until_ready(plan.host, port, stop):
            console.say(_welcome(plan, env, time.monotonic() - started))
        elif not stop.is_set():
            console.say(f"The site is not ready yet after {READY_SECONDS:.0f} s; see {engines.home / 'log'}")
        wait_for_word(stop)
        console.say("Stopping …")
    return 0


def _port(plan: Plan, stop: threading.Event) -> socket.socket:
    """Keep the port for this run; a run of the same data folder that is stopping is waited for. Raises RunError."""
    deadline = time.monotonic() + STOPPING_SECONDS
    while True:
        try:
            return hold_port(plan.host, plan.port)
        except OSError as error:
            ours = (plan.home / ADDRESSES).exists()
            if not ours or time.monotonic() > deadline or stop.wait(0.1):
                taken = f"{plan.host}:{plan.port}: {error.strerror}"
                raise RunError(f"{taken}; choose another port with --port") from error


def _keep(keeper: Keeper, stack: contextlib.ExitStack) -> None:
    stack.callback(keeper.stop)
    keeper.start()


def environment(plan: Plan, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the processes that `run` starts: what it was given, and its own defaults below that."""
    defaults = {
        "LINGFENG_BASE_URL": f"http://{_reachable(plan.host)}:{port}",
        "LINGFENG_SANDBOXES": "0" if environ.get("LINGFENG_ENV", "").strip().lower() == "production" else "1",
        "LINGFENG_LIMIT_LOOPBACK": "0",
        "PYTHONUNBUFFERED": "1",
    }
    own = {
        "LINGFENG_HOME": str(plan.home),
        "LINGFENG_HOST": plan.host,
        "LINGFENG_PORT": str(port),
        "LINGFENG_DEMO": "1" if plan.demo else "0",
    }
    return {**defaults, **environ, **own}


def embedded(engines: Engines, environ: Mapping[str, str]) -> Iterator[tuple[str, Engine]]:
    """Give the engines whose address is not in `environ`, each with the variable that is to hold its address."""
    if not environ.get("DATABASE_URL"):
        yield "DATABASE_URL", engines.postgres
    if not environ.get("REDIS_URL"):
        yield "REDIS_URL", engines.valkey


def _finish(step: Service, stop: threading.Event) -> int:
    """Run a step to its end, or until a signal; return its exit code."""
    step.start()
    while step.running:
        if stop.wait(0.05):
            step.stop()
            return 0
    return step.wait()


@contextlib.contextmanager
def _addresses_told(home: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Tell other commands of this data folder where the engines are, for as long as they run."""
    path = home / ADDRESSES
    told = {key: env[key] for key in sorted(env) if key.startswith("LINGFENG_") or key.endswith("_URL")}
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    made.touch(mode=0o600)
    made.write_text(json.dumps(told, indent=1) + "\n")
    made.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _reachable(host: str) -> str:
    """Return the address under which this machine reaches a server that listens on `host`."""
    if host in ("", "localhost") or (not host[0].isdigit() and ":" not in host):
        return host or "127.0.0.1"
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"


def _wait_until_ready(host: str, port: int, stop: threading.Event) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not stop.is_set():
        try:
            with urllib.request.urlopen(f"http://{_reachable(host)}:{port}/readyz", timeout=2):  # our own address
                return True
        except (OSError, urllib.error.URLError):
            stop.wait(0.1)
    return False


def _welcome(plan: Plan, env: Mapping[str, str], seconds: float) -> str:
    site = env["LINGFENG_BASE_URL"]
    lines = ["", f"Lingfeng 凌峰 is open, after {seconds:.0f} s.", ""]
    pages = [("Shop", "/"), ("Flash sales", "/flash-sales"), ("Back office", "/backoffice")]
    if env["LINGFENG_SANDBOXES"] == "1":
        pages.append(("Sandboxes", "/sandbox"))
    lines += [f"  {name:<12} {site}{path}" for name, path in [*pages, ("API", "/api/v1/")]]
    with contextlib.suppress(OSError, ValueError, KeyError):
        demo = json.loads((plan.home / "demo.json").read_text())
        lines += ["", "  Demo accounts"]
        for staff in demo["staff"]:
            lines.append(f"    staff   {staff['account']:<14} {staff['password']}   {', '.join(staff['roles'])}")
        for member in demo["members"][:5]:
            lines.append(f"    member  {member['phone']:<14} {member['password']}")
        lines.append(f"    all of them are in {plan.home / 'demo.json'}")
    return "\n".join([*lines, "", f"  Data and logs are in {plan.home}. Ctrl-C stops everything.", ""])
