"""The application: what the features bring together, and its life in a web process, a worker or a command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from server.database import Connection, Database
from server.events import Event, Subscriber
from server.features import FEATURES
from server.http.access import StaffWith
from server.http.call import Call
from server.http.limits import Limiter
from server.http.pages import Pages
from server.http.proxies import Proxies
from server.http.routes import Route, Routes
from server.http.session import Directory, Kind, Sessions
from server.i18n import Translations
from server.jobs import Job, Schedule
from server.kept import Kept
from server.redis import Redis, connect
from server.settings import Settings

T = TypeVar("T")
E = TypeVar("E", bound=Event)
Lifespan = Callable[["Application"], AbstractAsyncContextManager[None]]
Check = Callable[["Application"], Awaitable[str | None]]
Drain = Callable[["Application", float], Awaitable[None]]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the CLI: ``path`` are its words, ``run`` gets the started application and returns the exit code.

    ``group`` says what the commands are about that share the first words of a longer path; one of them suffices.
    """

    path: tuple[str, ...]
    help: str
    run: Callable[[Application, argparse.Namespace], Awaitable[int]]
    description: str = ""
    group: str = ""
    arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None


class Application:
    """Assembled by the features' ``setup(app)``; started by ``running()``.

    ``role`` is ``web``, ``worker`` or ``command`` once it runs.
    """

    def __init__(self, settings: Settings, features: Sequence[str] = FEATURES) -> None:
        self.settings = settings
        self.packages = tuple(features)
        self.role = ""
        self.leaving = False
        """Whether the process was told to stop: it finishes what it has and wants nothing new."""
        self.database = Database(settings.database_url, size=settings.database_pool, pgbouncer=settings.pgbouncer)
        self.kept = Kept(self.database)
        self.redis: Redis = connect(settings.redis_url)
        self.sessions = Sessions(self.database, settings.secret)
        self.proxies = Proxies(settings.trusted_proxies)
        self.limits = Limiter(settings)
        self.translations = Translations(self.packages)
        self.routes: list[Route] = []
        self.permissions: frozenset[str] = frozenset()
        self.commands: list[Command] = []
        self.jobs: dict[str, Job] = {}
        self.schedules: list[Schedule] = []
        self.subscribers: list[Subscriber] = []
        self.checks: dict[str, Check] = {}
        self.web_extensions: list[Callable[[Application, web.Application], None]] = []
        self.template_folders: list[Path] = []
        self.static_folders: dict[str, Path] = {}
        self.parts: dict[str, list[str]] = {}
        """Templates of features in places of pages that others draw, by place."""
        self.companions: dict[str, Callable[[Call], Any]] = {}
        """What features tell the templates of every page, by name."""
        self._drains: list[Drain] = []
        self._lifespans: dict[str, list[Lifespan]] = {"web": [], "worker": [], "any": []}
        self._resources: dict[type, Any] = {}
        for package in self.packages:
            self._find_folders(package)
            importlib.import_module(f"{package}.feature").setup(self)
        self.hold_permissions()
        self.pages = Pages(self, self.template_folders, self.static_folders)

    # What features call in setup(app)

    def add(self, *groups: Routes) -> None:
        """Add routes. Raises ValueError when two share method and path."""
        names = {route.name for route in self.routes}
        for group in groups:
            for route in group.routes:
                if route.name in names:
                    raise ValueError(f"{route.name} is declared twice")
                names.add(route.name)
                self.routes.append(route)

    def permit(self, permissions: Iterable[str]) -> None:
        """Say which permissions there are; from then on no route may ask for another one."""
        self.permissions |= frozenset(permissions)

    def hold_permissions(self) -> None:
        """Raise LookupError where a route asks for a permission that nobody can hold, since none has declared it."""
        for route in self.routes:
            asked = route.access.permission if isinstance(route.access, StaffWith) else ""
            if asked and self.permissions and asked not in self.permissions:
                raise LookupError(f"{route.name} asks for {asked}, which is no declared permission")

    def command(self, command: Command) -> None:
        """Add a command to the CLI."""
        self.commands.append(command)

    def job(self, job: Job) -> None:
        """Add a kind of background job. Raises ValueError when its name is taken."""
        if job.name in self.jobs:
            raise ValueError(f"job {job.name} is declared twice")
        self.jobs[job.name] = job

    def schedule(self, schedule: Schedule) -> None:
        """Add work that the worker does again and again."""
        self.schedules.append(schedule)

    def subscribe(
        self, kind: type[E], name: str, handle: Callable[[Application, Connection, E, int], Awaitable[None]]
    ) -> None:
        """Have ``handle(app, connection, event, event_id)`` called once for each event of ``kind``.

        It runs in a transaction; ``name`` identifies the subscriber's deliveries.
        """
        self.subscribers.append(Subscriber(name=name, kind=kind, handle=handle))

    def lifespan(self, manager: Lifespan, role: str = "any") -> None:
        """Have ``manager(app)`` entered when the application starts as ``role`` and left when it stops."""
        self._lifespans[role].append(manager)

    def check(self, name: str, check: Check) -> None:
        """Add a condition of readiness: ``check`` returns None, or what is missing."""
        self.checks[name] = check

    def extend_web(self, extend: Callable[[Application, web.Application], None]) -> None:
        """Have ``extend(app, site)`` called when the aiohttp application is built (Socket.IO attaches itself so)."""
        self.web_extensions.append(extend)

    def part(self, place: str, template: str) -> None:
        """Have ``template`` included at a place of pages that others draw: ``header``, ``foot``, ``card`` (with its
        ``item``)."""
        self.parts.setdefault(place, []).append(template)

    def accompany(self, name: str, tell: Callable[[Call], Any]) -> None:
        """Have the templates of every page read ``tell(call)`` as ``name``. Raises ValueError when it is taken."""
        if name in self.companions:
            raise ValueError(f"{name} is told twice")
        self.companions[name] = tell

    def drain(self, drain: Drain) -> None:
        """Have ``drain(app, seconds)`` called when a web process is told to stop, while it still listens: it sends
        away, within that time, those who would stay."""
        self._drains.append(drain)

    async def leave(self) -> None:
        """Be unready from now on, and send away whoever would stay, within the drain's length."""
        self.leaving = True
        await asyncio.gather(*(drain(self, float(self.settings.drain_seconds)) for drain in self._drains))

    async def missing(self) -> dict[str, str]:
        """Return what keeps the process from selling, by condition; empty when it is ready."""
        answers = await asyncio.gather(*(check(self) for check in self.checks.values()))
        return {name: answer for name, answer in zip(self.checks, answers, strict=True) if answer is not None}

    def directory(self, kind: Kind, directory: Directory) -> None:
        """Say who the subjects of a kind of session are."""
        self.sessions.directories[kind] = directory

    def provide(self, kind: type[T], resource: T) -> None:
        """Offer ``resource`` under its type."""
        self._resources[kind] = resource

    def resource(self, kind: type[T]) -> T:
        """Return what was offered under ``kind``. Raises LookupError."""
        try:
            return self._resources[kind]  # type: ignore[no-any-return]  # provide() holds the types together
        except KeyError:
            raise LookupError(f"nothing provides {kind.__name__}") from None

    @contextlib.asynccontextmanager
    async def running(self, role: str) -> AsyncIterator[None]:
        """Open what the application needs, whether the engines are up or not, and close it in reverse order."""
        self.role = role
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.redis.aclose)
            stack.push_async_callback(self.database.close)
            await self.database.open()
            stack.push_async_callback(self.limits.close)
            await self.limits.open()
            for manager in (*self._lifespans["any"], *self._lifespans.get(role, ())):
                await stack.enter_async_context(manager(self))
            yield

    def _find_folders(self, package: str) -> None:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"{package} in server/features.py is not a package")
        folder = Path(next(iter(spec.submodule_search_locations)))
        if (folder / "templates").is_dir():
            self.template_folders.append(folder / "templates")
        if (folder / "static").is_dir():
            self.static_folders["" if package == "server" else package.rpartition(".")[2]] = folder / "static"


def build(settings: Settings, features: Sequence[str] = FEATURES) -> Application:
    """Return the application of ``settings``. Nothing is opened yet."""
    return Application(settings, features)
