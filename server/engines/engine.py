"""What both engines share: a lock, a child on a leash, a log, a pid file."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from server import leash

READY_SECONDS = 600.0
"""Long: after a crash PostgreSQL replays its log and Valkey its file before they answer."""
STOP_SECONDS = 30.0
LOG_BYTES = 10_000_000
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.defpath}


class EnginesError(RuntimeError):
    """An engine did not start; the message says what to do or names its log."""


class Busy(EnginesError):
    """Another process holds the data folder or the engine."""


class Lock:
    """An exclusive lock on a file, given up by the kernel with its last holder."""

    def __init__(self, path: Path, timeout: float, busy: str) -> None:
        """Take it, waiting at most `timeout` seconds; raises Busy with the message `busy`."""
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(self.fd)
                    raise Busy(busy) from None
                time.sleep(0.02)
            else:
                return

    def close(self) -> None:
        """Let go of it here; processes that inherited it hold it on."""
        os.close(self.fd)


class Engine:
    """A handle on one engine: start it, stop it, kill it, and know whether it lives."""

    name: str
    stop_signal: signal.Signals
    last_resorts: tuple[signal.Signals, ...]

    def __init__(self, home: Path, sockets: Path, identity: str, options: Mapping[str, str]) -> None:
        self.home, self.sockets, self.identity, self.options = home, sockets, identity, options
        self.data = home / self.name
        self.log = home / "log" / f"{self.name}.log"
        self.pid_file = home / "run" / f"{self.name}.pid"
        self.child: subprocess.Popen[bytes] | None = None
        self.cancel = threading.Event()

    @property
    def url(self) -> str:
        """Its address, whether it runs or not."""
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        """The engine's main process, None while it is not running."""
        return self.child.pid if self.running and self.child else None

    @property
    def running(self) -> bool:
        """Whether the main process is alive; an ended one is reaped here."""
        return self.child is not None and self.child.poll() is None

    @property
    def code(self) -> int | None:
        """How the main process ended: its exit code, the negative number of a signal, None while it has not."""
        return None if self.child is None else self.child.poll()

    def start(self) -> None:
        """Start it and wait until it answers. Raises EnginesError."""
        if self.running:
            return
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        self.pid_file.parent.mkdir(mode=0o700, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        lock = Lock(
            self.pid_file.with_suffix(".lock"),
            STOP_SECONDS,
            f"{self.name} of {self.home} runs already and will not end",
        )
        try:
            self._prepare()
            self.child = self._spawn(self._command(), self.stop_signal, lock)
        finally:
            lock.close()
        self.pid_file.write_text(f"{self.child.pid}\n")
        self._wait_ready(self.child)

    def stop(self) -> None:
        """Stop it cleanly, everything on disk; harsher by steps if it does not end within 30 s."""
        if self.child is not None and self.running:
            for sign in (self.stop_signal, *self.last_resorts, signal.SIGKILL):
                self.child.send_signal(sign)
                try:
                    self.child.wait(STOP_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End its main process with SIGKILL, as a crash would, and reap it."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def wipe(self) -> None:
        """Lose all its data. It must not be running."""
        self._need_rest()
        shutil.rmtree(self.data, ignore_errors=True)

    def save(self, copy: Path) -> None:
        """Copy its data folder to `copy`, which must not exist. A copy taken while it runs is as old as a crash."""
        shutil.copytree(self.data, copy, symlinks=True)

    def restore(self, copy: Path) -> None:
        """Put back what `save` kept. It must not be running."""
        self._need_rest()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(copy, self.data, symlinks=True)

    def _need_rest(self) -> None:
        if self.running:
            raise EnginesError(f"stop {self.name} before its data is changed")
        Lock(self.pid_file.with_suffix(".lock"), STOP_SECONDS, f"{self.name} of {self.home} does not end").close()

    def _spawn(self, command: list[str], death: signal.Signals, lock: Lock) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return leash.spawn(
                command,
                death=death,
                env=ENVIRONMENT,
                identity=self.identity,
                keep=[lock.fd],
                stdout=out,
                stderr=out,
            )

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise EnginesError(f"{self.name} ended with {child.returncode}; its last words are in {self.log}")
            if self._is_ready(child.pid):
                return
            if self.cancel.wait(0.02):
                self.stop()
                raise EnginesError(f"{self.name} was stopped before it was ready")
        self.stop()
        raise EnginesError(f"{self.name} was not ready within {READY_SECONDS:.0f} s; see {self.log}")

    def _prepare(self) -> None:
        """Make or mend the data folder. Runs under the engine's lock."""
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _is_ready(self, pid: int) -> bool:
        raise NotImplementedError
