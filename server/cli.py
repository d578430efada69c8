"""The command line: `lingfeng COMMAND`. The commands of features are declared by them, with `app.command(...)`."""

from __future__ import annotations

import argparse
import asyncio
import atexit
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import uvloop
from redis.exceptions import RedisClusterException, RedisError

from server import application, database, logs, migrations, redis, settings, supervisor, webs, worker
from server.application import Command
from server.engines import Busy, Engines, EnginesError
from server.errors import Problem
from server.features import FEATURES
from server.http.serve import serve

DESCRIPTION = """\
Lingfeng (凌峰), real-time commerce on your own machines: flash sales, group buying, livestream selling.

Start here:  lingfeng run        everything for one machine, with demo shops and a sale about to begin
"""

EPILOG = """\
examples:
  lingfeng run --port 8090 --home /srv/shop     another port, another data folder
  lingfeng run --no-demo                        an empty shop
  lingfeng flashsale verify                     check the books, also while a sale is on
  lingfeng loadtest seckill --buyers 2000       a rush on a sale, then the books, then a report
  DATABASE_URL=… REDIS_URL=… lingfeng web --workers 4     four web processes on engines of your own

environment:
  DATABASE_URL           postgresql://… ; without it `run` brings its own PostgreSQL
  DATABASE_DIRECT_URL    the same database without PgBouncer, if there is one
  REDIS_URL              redis://… , rediss://… or unix://… ; without it `run` brings its own Valkey
  LINGFENG_REALTIME_REDIS_URL   a Redis, or redis+cluster://…, for rooms and pushes alone (default: REDIS_URL)
  LINGFENG_HOME          data folder: engines, uploads, logs, secret (default: var/ in a checkout, else ~/.lingfeng)
  LINGFENG_ENV           development (default) or production
  LINGFENG_SECRET        signs tickets and sessions; production must set it, at least 32 characters
  LINGFENG_HOST, LINGFENG_PORT   where web listens (127.0.0.1, 8080)
  LINGFENG_SOCKETS       folder of the web processes' unix sockets; its group may connect (default: run/ of the data
                         folder, for its owner alone)
  LINGFENG_WORKER        number of a web process that a service manager starts as one of several, 1 to 64; names the
                         series in /metrics, those of a worker process too
  LINGFENG_DRAIN_SECONDS over how long a web process that stops sends its clients elsewhere, at most (10; 0 to 12)
  LINGFENG_BASE_URL      the address that people use, e.g. https://shop.example.com
  LINGFENG_SANDBOXES     1 shows the simulated payment, SMS and carriers (on in `run`; refused in production)
  LINGFENG_TRUSTED_PROXIES   addresses whose X-Forwarded-For is believed
  LINGFENG_DATABASE_POOL connections of one process (10); LINGFENG_PGBOUNCER=1 behind PgBouncer
  LINGFENG_LOG_LEVEL     debug, info (default), warning or error; LINGFENG_LOG_JSON=1 writes JSON lines
  LINGFENG_METRICS_TOKEN opens /metrics to other machines, as bearer; without it only this machine may read them

  Commands other than run, web and worker need no address: they find the engines of the `run` that uses the
  same data folder, or start them for as long as they need them.

exit codes:
  0  done          1  something is wrong with what was checked or done
  2  wrong use     3  an engine or the database is not to be had, or the port or the data folder is in use
  130  interrupted
"""

STANDING = ("run", "web", "worker", "migrate")
FAILED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
_AsWritten = argparse.RawDescriptionHelpFormatter


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Going through all that was imported for garbage, at the very end, takes half a second in which whoever stopped us
    # waits for nothing.
    atexit.register(gc.freeze)
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:1] == ["loadtest"]:
            _loadtest(words[1:])
        # Assembling the features takes a second: only those pay for it who want one, or the list of all.
        commands = () if words[:1] and words[0] in STANDING else application.build(_placeholder()).commands
        arguments = _parser(commands).parse_args(words)
        if arguments.home is not None:
            os.environ["LINGFENG_HOME"] = str(arguments.home.expanduser().resolve())
        run: int = arguments.run(arguments)
        return run
    except (settings.SettingsError, Problem) as error:
        return _complain(str(error), USAGE)
    except (EnginesError, supervisor.RunError, webs.PortTaken, *database.DOWN, *redis.DOWN) as error:
        return _complain(_reached_for(error, direct=words[:1] == ["migrate"]), UNREACHABLE)
    except migrations.MigrationError as error:
        return _complain(str(error), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _reached_for(error: Exception, *, direct: bool) -> str:
    """Say what did not answer, and where it was looked for: the libraries' words name neither."""
    if isinstance(error, EnginesError | supervisor.RunError | webs.PortTaken):
        return str(error)
    known = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
    why = known or str(error).rstrip(".") or type(error).__name__
    redis_is_away = isinstance(error, RedisError | RedisClusterException)
    if not redis_is_away and isinstance(error, OSError) and (error.filename or isinstance(error, BrokenPipeError)):
        return str(error)  # a file or our own output, and no engine
    if redis_is_away:
        return f"Redis does not answer at {settings.place_of(os.environ.get('REDIS_URL', ''))}: {why}"
    url = (direct and os.environ.get("DATABASE_DIRECT_URL")) or os.environ.get("DATABASE_URL", "")
    return f"the database does not answer at {settings.place_of(url)}: {why}"


def _complain(message: str, code: int) -> int:
    print(f"lingfeng: {message}", file=sys.stderr)
    return code


class _Tree:
    """The parsers of all commands, by the words that lead to them."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._about = {command.path[:-1]: command.group for command in commands if command.group}
        self.root = argparse.ArgumentParser(
            prog="lingfeng", description=DESCRIPTION, epilog=EPILOG, formatter_class=_AsWritten
        )
        self.root.add_argument("--version", action="version", version=f"lingfeng {version('lingfeng')}")
        self.root.set_defaults(home=None, run=_help_of(self.root))
        self._parsers: dict[tuple[str, ...], argparse.ArgumentParser] = {(): self.root}
        self._branches: dict[tuple[str, ...], argparse._SubParsersAction[argparse.ArgumentParser]] = {}

    def add(self, path: tuple[str, ...], words: str, description: str = "", **options: Any) -> argparse.ArgumentParser:
        """Add the parser at `path`, and those that lead there."""
        above = path[:-1]
        if above not in self._parsers:
            group = self.add(above, self._about.get(above, ""))
            group.set_defaults(run=_help_of(group))
        if above not in self._branches:
            self._branches[above] = self._parsers[above].add_subparsers(title="commands", metavar="COMMAND")
        parser = self._branches[above].add_parser(
            path[-1], help=words, description=description or words, formatter_class=_AsWritten, **options
        )
        # Without a default: that of an inner command would hide what was given to the outer one.
        parser.add_argument(
            "--home", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="data folder (LINGFENG_HOME)"
        )
        parser.register("type", int, _whole)  # argparse would speak of an invalid int value
        self._parsers[path] = parser
        return parser


def _help_of(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    def show(_: argparse.Namespace) -> int:
        parser.print_help()
        return 0

    return show


def _parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    tree = _Tree(commands)
    run = tree.add(
        ("run",),
        "everything for one machine: engines, schema, demo shops, web and worker",
        "Start everything for one machine and keep it running; Ctrl-C or SIGTERM stops it cleanly.\n"
        "Engines whose address is given in the environment are used, the others are brought along.",
    )
    run.add_argument("--port", type=_port, metavar="N", help="port of the site; 0 takes a free one (default 8080)")
    run.add_argument("--host", metavar="ADDRESS", help="address to listen on (default 127.0.0.1)")
    run.add_argument("--no-demo", action="store_true", help="no demo shops, no demo accounts")
    run.add_argument("--web", type=_count, default=1, metavar="N", help="web processes on the one port (default 1)")
    run.add_argument("--workers", type=_count, default=1, metavar="N", help="worker processes (default 1)")
    run.set_defaults(run=_run)
    web = tree.add(
        ("web",),
        "web processes: pages, API, Socket.IO",
        "One web process, or with --workers several on the one port, each on a unix socket of its own too\n"
        "(web-1.sock, web-2.sock … in LINGFENG_SOCKETS, else in the data folder's run/), for deploy/nginx.conf.\n"
        "Those that end are started again. SIGTERM or Ctrl-C sends clients elsewhere, finishes the rest, ends.",
    )
    web.add_argument("--workers", type=_count, metavar="N", help="web processes, kept alive (default: this one alone)")
    web.set_defaults(run=_web)
    tree.add(("worker",), "one worker: jobs, schedules, sweeps, recovery").set_defaults(run=_work)
    tree.add(("migrate",), "bring the database's schema up to date").set_defaults(run=_migrate)
    tree.add(("loadtest",), "a rush of simulated buyers, then the books, then a report", add_help=False)
    for command in sorted(commands, key=lambda command: command.path):
        parser = tree.add(command.path, command.help, command.description)
        command.arguments(parser)
        parser.set_defaults(run=_feature, path=command.path)
    return tree.root


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r}: use 1 to 64")
    return int(text)


def _run(arguments: argparse.Namespace) -> int:
    host = arguments.host or os.environ.get("LINGFENG_HOST") or "127.0.0.1"
    try:
        port = arguments.port if arguments.port is not None else _port(os.environ.get("LINGFENG_PORT") or "8080")
    except argparse.ArgumentTypeError as error:
        raise settings.SettingsError(f"LINGFENG_PORT: {error}") from None
    plan = supervisor.Plan(
        home=settings.home_folder(),
        host=host,
        port=port,
        web=arguments.web,
        workers=arguments.workers,
        demo=not arguments.no_demo,
    )
    return supervisor.run(plan)


def _web(arguments: argparse.Namespace) -> int:
    if arguments.workers is not None:
        return webs.run(settings.load(), arguments.workers)
    app = application.build(settings.load())
    logs.configure(app.settings)
    uvloop.run(serve(app))
    return 0


def _work(_: argparse.Namespace) -> int:
    app = application.build(settings.load())
    logs.configure(app.settings)

    async def work() -> None:
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        await worker.run(app, stop)

    uvloop.run(work())
    return 0


def _migrate(_: argparse.Namespace) -> int:
    with _engines_within_reach():
        loaded = settings.load()
        done = asyncio.run(migrations.migrate(loaded.database_direct_url, FEATURES, print))
    print(f"{len(done)} migrations applied" if done else "The schema is up to date")
    return 0


def _feature(arguments: argparse.Namespace) -> int:
    """Run a feature's command in an application that is open, with the settings of this moment."""
    with _engines_within_reach():
        app = application.build(settings.load())
        logs.configure(app.settings, sys.stderr)  # what a command answers goes to standard output
        command = next(command for command in app.commands if command.path == arguments.path)

        async def act() -> int:
            async with app.running("command"):
                return await command.run(app, arguments)

        return uvloop.run(act())


def _loadtest(words: Sequence[str]) -> NoReturn:
    """Hand over to the load tests, which stand outside the house and bring dependencies of their own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "loadtest", *words])


@contextlib.contextmanager
def _engines_within_reach() -> Iterator[None]:
    """Give a command its engines: those it was told, those of the `run` on this data folder, or some of its own."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        yield
        return
    home = settings.home_folder()
    try:
        engines = Engines(home, wait=0)
    except Busy:
        told = home / supervisor.ADDRESSES
        try:
            os.environ.update(json.loads(told.read_text()))
        except FileNotFoundError:
            raise EnginesError(f"the `lingfeng run` of {home} is starting or stopping: try again in a moment") from None
        yield
        return
    with contextlib.closing(engines):
        for name, engine in supervisor.embedded(engines, os.environ):
            engine.start()
            os.environ[name] = engine.url
        yield


def _placeholder() -> settings.Settings:
    """Return settings that suffice to list the commands: nothing is opened with them."""
    return settings.Settings(
        home=settings.home_folder(), database_url="", database_direct_url="", redis_url="redis://", secret=b""
    )


if __name__ == "__main__":
    sys.exit(main())
