"""A whole platform of its own under test: `lingfeng run` on a data folder and a free port, and hands to break it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


class StandError(RuntimeError):
    """The platform under test did not come up or did not go down."""


class Stand:
    """One `lingfeng run`. Its data folder outlives it, so that the next run begins with what this one left."""

    def __init__(self, home: Path, *, web: int = 2) -> None:
        self.home = home
        self.web = web
        self.port = _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, environ: Mapping[str, str] | None = None) -> None:
        """Start the platform and wait until it can sell. Raises StandError."""
        self.home.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "server.cli", "run", "--home", str(self.home), "--port", str(self.port)]
        words += ["--web", str(self.web)]
        if (self.home / "demo.json").exists():
            words.append("--no-demo")  # an earlier run has filled it
        log = (self.home / "stand.log").open("ab")
        env = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_DIRECT_URL"))}
        self._process = await asyncio.create_subprocess_exec(
            *words, cwd=_ROOT, env=env | {"LINGFENG_LOG_LEVEL": "warning"} | dict(environ or {}), stdout=log, stderr=log
        )
        log.close()
        await self.ready(90)

    async def ready(self, seconds: float) -> None:
        """Wait until the site says that it can sell. Raises StandError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.returncode is not None:
                raise StandError(f"`lingfeng run` ended: see {self.home / 'stand.log'}")
            if await self._answers("/readyz"):
                return
            await asyncio.sleep(0.1)
        raise StandError(f"the site was not ready within {seconds:.0f} s: see {self.home / 'stand.log'}")

    async def stop(self) -> int:
        """Stop the platform as an operator would and return its exit code. Raises StandError."""
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        try:
            code = await asyncio.wait_for(self._process.wait(), 60)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise StandError("`lingfeng run` did not stop within a minute") from None
        self._process = None
        return code

    def pid(self, name: str) -> int | None:
        """Return the process of ``web``, ``web-2``, ``worker``, ``postgres`` or ``valkey``, None while it is down."""
        try:
            return int((self.home / "run" / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return None

    def kill(self, name: str) -> float:
        """End a part with SIGKILL and return the moment (seconds of the epoch). Raises StandError if it is down."""
        return self._signal(name, signal.SIGKILL)

    def freeze(self, name: str) -> float:
        """Stop a part with SIGSTOP and return the moment."""
        return self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen part go on, if it is still there."""
        with contextlib.suppress(StandError):
            self._signal(name, signal.SIGCONT)

    def save_redis(self) -> Path:
        """Copy Redis' data as it lies on disk now and return the copy: what an old replica would hold."""
        copy = self.home / "older"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.home / "valkey", copy, symlinks=True)
        return copy

    async def replace_redis(self, copy: Path | None) -> float:
        """Kill Redis and have it come back with ``copy`` (or with nothing); return the moment of the kill.

        The supervisor is held meanwhile, so that Redis does not come back before its data is changed.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            pid = self.pid("valkey")
            at = self.kill("valkey")
            await _gone(pid)
            data = self.home / "valkey"
            shutil.rmtree(data)
            if copy is not None:
                shutil.copytree(copy, data, symlinks=True)
        finally:
            self._process.send_signal(signal.SIGCONT)
        return at

    def _signal(self, name: str, sign: signal.Signals) -> float:
        pid = self.pid(name)
        if pid is None:
            raise StandError(f"{name} is not running")
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            raise StandError(f"{name} is not running") from None
        return time.time()

    async def _answers(self, path: str) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: stand\r\nConnection: close\r\n\r\n".encode())
            line = await asyncio.wait_for(reader.readline(), 3)
            writer.close()
        except (OSError, TimeoutError):
            return False
        return b" 200 " in line


async def _gone(pid: int | None) -> None:
    """Wait until a killed process holds nothing any more (it may stay as a zombie until its parent looks)."""
    deadline = time.monotonic() + 10
    while pid is not None and time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state in "ZX":
            return
        await asyncio.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
