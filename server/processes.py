"""Children of the supervisor: a process with its log, and the thread that keeps one alive."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TextIO

from server import leash

GRACE_SECONDS = 30.0
HEALTHY_SECONDS = 30.0
DELAYS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
LOG_BYTES = 10_000_000
LOOK = 0.5
"""Seconds between two looks of who waits for a signal."""


class Child(Protocol):
    """What is kept alive: an engine or a process of ours."""

    name: str

    @property
    def running(self) -> bool: ...
    @property
    def code(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Console:
    """Prints whole lines from several threads."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._lock, self._colour = out, threading.Lock(), out.isatty()

    def say(self, text: str = "") -> None:
        """Print a message of the supervisor itself."""
        with self._lock, contextlib.suppress(OSError):  # a terminal that is gone is no reason to stop
            self._out.write(f"{text}\n")
            self._out.flush()

    def report(self, text: str) -> None:
        """Print what has happened to a child, with the time (UTC), as the lines of the children have it."""
        self.say(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {text}")

    def forward(self, name: str, line: str) -> None:
        """Print a line that a child wrote."""
        label = f"{name:<8} |"
        self.say(f"\x1b[36m{label}\x1b[0m {line}" if self._colour else f"{label} {line}")


class Service:
    """A process of ours: its output goes to the console and to a log file, its number to a pid file."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], home: Path, lock: int | None, console: Console
    ) -> None:
        """``lock`` is a descriptor that the process inherits, so that it is held as long as any of them lives."""
        self.name, self.command, self.env, self.lock, self.console = name, command, env, lock, console
        self.pid_file = home / "run" / f"{name}.pid"
        self.log = home / "log" / f"{name}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive; an ended one is reaped here."""
        return self.child is not None and self.child.poll() is None

    @property
    def code(self) -> int | None:
        """How the process ended: its exit code, the negative number of a signal, None while it has not."""
        return None if self.child is None else self.child.poll()

    def start(self) -> None:
        """Start the process; what it says is forwarded until it ends."""
        for folder in (self.log.parent, self.pid_file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.child = leash.spawn(
            [sys.executable, "-m", "server.cli", *self.command],
            death=signal.SIGKILL,
            env=self.env,
            keep=[] if self.lock is None else [self.lock],
            cwd=str(Path.cwd()),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.pid_file.write_text(f"{self.child.pid}\n")
        self._reader = threading.Thread(target=self._forward, args=(self.child,), name=f"{self.name}-log", daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """Ask it to end; after 30 s make it."""
        if self.child is not None and self.running:
            self.child.terminate()
            try:
                self.child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.console.report(f"{self.name} did not end within {GRACE_SECONDS:.0f} s: killed")
                self.child.kill()
                self.child.wait()
        if self._reader is not None:
            self._reader.join(1)
        self.pid_file.unlink(missing_ok=True)

    def wait(self) -> int:
        """Wait for the process to end by itself; return its exit code."""
        if self.child is None:
            raise RuntimeError(f"{self.name} was not started")
        code = self.child.wait()
        self.stop()
        return code

    def _forward(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdout is None:
            return
        log = self.log.open("ab")
        with child.stdout:
            for line in child.stdout:
                log.write(line)
                log.flush()
                if log.tell() > LOG_BYTES:
                    log.close()
                    self.log.replace(self.log.with_suffix(".log.1"))
                    log = self.log.open("ab")
                self.console.forward(self.name, line.decode(errors="replace").rstrip("\n"))
        log.close()


class Keeper(threading.Thread):
    """Keeps one child alive until told to stop; one that ends again and again waits longer each time."""

    def __init__(self, child: Child, console: Console) -> None:
        super().__init__(name=f"keep-{child.name}", daemon=True)
        self.child, self.console = child, console
        self.stopping = threading.Event()

    def run(self) -> None:
        """Watch the child, which is running, and start it again when it ends."""
        failures = 0
        while True:
            started = time.monotonic()
            while self.child.running:
                if self.stopping.wait(0.1):
                    return
            if time.monotonic() - started > HEALTHY_SECONDS:
                failures = 0
            delay = DELAYS[min(failures, len(DELAYS) - 1)]
            failures += 1
            if self.stopping.wait(delay):
                return
            self.console.report(f"{self.child.name} {ending(self.child.code)}: starting it again")
            try:
                self.child.start()
            except (RuntimeError, OSError) as error:
                self.console.report(f"{self.child.name} did not start: {error}")

    def stop(self) -> None:
        """Stop watching, then stop the child. Blocks until both have ended."""
        self.stopping.set()
        if self.is_alive():
            self.join()
        self.child.stop()


def wait_for_word(stop: threading.Event) -> None:
    """Wait until a signal's handler has set ``stop``. For the main thread, which is the one to run handlers.

    It looks up now and then: a signal that comes in the moment in which a wait without end begins is noted, and its
    handler runs when something else ends the wait, which would be never.
    """
    while not stop.wait(LOOK):
        pass


def ending(code: int | None) -> str:
    """Say how a process ended, by its code as subprocess has it. Ours end with 0 when they were told to stop."""
    if code is None:
        return "has ended"
    if code == 0:
        return "has stopped as it was told to (exit code 0)"
    if code > 0:
        return f"ended by itself with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal between the first and the last has no name
        return f"was ended by signal {-code}"


def names(role: str, count: int) -> Iterator[str]:
    """Give the names of the processes of a role; the first bears its plain name."""
    for number in range(1, count + 1):
        yield role if number == 1 else f"{role}-{number}"


def stop_together(keepers: Sequence[Keeper]) -> None:
    """Stop all of them at once. Blocks until the last has ended."""
    threads = [threading.Thread(target=keeper.stop, name=f"stop-{keeper.child.name}") for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
