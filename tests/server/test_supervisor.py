"""`lingfeng run` as a user has it: started, a part killed, stopped; and the commands beside it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.processes import Console, Keeper, ending, wait_for_word
from server.supervisor import ADDRESSES, Plan, RunError, environment, run
from server.webs import hold_port

pytestmark = pytest.mark.timeout(300)  # each test starts the platform, several processes, once or more

PARTS = ("web", "worker", "postgres", "valkey")


class Run:
    """A `lingfeng run` in a process of its own."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        environ = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "run", "--home", str(home), "--port", "0", "--no-demo", *arguments],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            self.lines.extend(iter(out.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def until(self, true: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert self.process.poll() is None, f"run ended with {self.process.returncode}:\n{self.text}"
            assert time.monotonic() < deadline, f"{what} not within {seconds} s:\n{self.text}"
            time.sleep(0.02)

    def open(self) -> str:
        """Wait until the site is announced; return its address."""
        self.until(lambda: "is open" in self.text and "Ctrl-C stops" in self.text, "the announcement")
        found = re.search(r"Shop +(http://[^/\s]+)/", self.text)
        assert found
        return found[1]

    def pid(self, part: str) -> int:
        return int((self.home / "run" / f"{part}.pid").read_text())

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        code = self.process.wait(60)
        self._reader.join(5)
        return code


@contextlib.contextmanager
def _running(home: Path, *arguments: str) -> Iterator[Run]:
    started = Run(home, *arguments)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()  # what it started ends with it
            started.process.wait()


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_every_part_comes_back_after_a_kill_and_a_signal_stops_all(
    tmp_path: Path, furnish: Callable[[Path], Path]
) -> None:
    with _running(furnish(tmp_path)) as started:
        site = started.open()
        assert _status(f"{site}/readyz") == 200
        for part in PARTS:
            before = started.pid(part)
            os.kill(before, signal.SIGKILL)

            def back(part: str = part, before: int = before) -> bool:
                with contextlib.suppress(OSError, ValueError):
                    return started.pid(part) != before and _status(f"{site}/readyz") == 200
                return False

            started.until(back, f"{part} back", 30)
        pids = [started.pid(part) for part in PARTS]
        assert started.end() == 0
        assert all(map(_gone, pids))
        assert started.lines[-1] == "Stopped.\n"
        assert not list((tmp_path / "run").glob("*.pid"))
        assert not (tmp_path / ADDRESSES).exists()


def test_killed_itself_it_leaves_nothing_behind_and_starts_again(
    tmp_path: Path, furnish: Callable[[Path], Path]
) -> None:
    with _running(furnish(tmp_path)) as started:
        site = started.open()
        pids = [started.pid(part) for part in PARTS]
        started.process.kill()
        started.process.wait()
    deadline = time.monotonic() + 10
    while not all(map(_gone, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with _running(tmp_path, "--port", site.rpartition(":")[2]) as again:
        assert again.open() == site
        assert again.end(signal.SIGINT) == 0


def test_other_commands_find_the_engines_of_a_run_and_a_second_run_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "server.cli", "migrate", "--home", str(tmp_path)]
    environ = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    alone = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert "migrations applied" in alone.stdout
    with _running(tmp_path, "--web", "2") as started:
        started.open()
        assert (tmp_path / ADDRESSES).stat().st_mode & 0o077 == 0
        assert started.pid("web-2")
        for number in (1, 2):
            started.until((tmp_path / "run" / f"web-{number}.sock").exists, f"the socket of web process {number}")
        beside = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert (beside.returncode, beside.stdout, beside.stderr) == (0, "The schema is up to date\n", "")
        second = subprocess.run(
            [sys.executable, "-m", "server.cli", "run", "--home", str(tmp_path), "--port", "0"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 3
        assert "in use by another lingfeng" in second.stderr
        assert started.end() == 0


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RunError, match=rf"127\.0\.0\.1:{port}: .* --port"):
            run(Plan(home=tmp_path / "home", host="127.0.0.1", port=port), {})
    assert not (tmp_path / "home").exists()
    # And one that another run keeps, which has no process at it yet.
    with hold_port("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(RunError, match=rf"127\.0\.0\.1:{port}: .* --port"):
            run(Plan(home=tmp_path / "home", host="127.0.0.1", port=port, demo=False), {})
        with contextlib.ExitStack() as stack:
            for _ in range(2):  # its own get every connection
                stack.enter_context(socket.create_server(("127.0.0.1", port), reuse_port=True, backlog=8))
            for _ in range(8):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
    assert not (tmp_path / "home").exists()
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = before.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            before.accept()[0].close()
    hold_port("127.0.0.1", port).close()  # what is left of another program's last connection does not matter


def test_what_is_given_goes_before_our_defaults(tmp_path: Path) -> None:
    plan = Plan(home=tmp_path, host="0.0.0.0", port=0, demo=False)
    env = environment(plan, 8123, {"LINGFENG_SANDBOXES": "0", "LINGFENG_PORT": "1", "DATABASE_URL": "postgresql://x"})
    assert env["LINGFENG_SANDBOXES"] == "0"
    assert env["LINGFENG_PORT"] == "8123"
    assert env["LINGFENG_DEMO"] == "0"
    assert env["LINGFENG_BASE_URL"] == "http://127.0.0.1:8123"
    assert env["DATABASE_URL"] == "postgresql://x"
    assert environment(plan, 8123, {})["LINGFENG_SANDBOXES"] == "1"
    assert environment(plan, 8123, {"LINGFENG_ENV": "production"})["LINGFENG_SANDBOXES"] == "0"


class Failing:
    """A child that ends at once, each time."""

    name = "failing"
    running = False
    code = 7

    def __init__(self) -> None:
        self.starts: list[float] = []

    def start(self) -> None:
        self.starts.append(time.monotonic())
        if len(self.starts) == 2:
            raise OSError("no room")

    def stop(self) -> None: ...


def test_what_ends_again_and_again_is_started_less_and_less_often() -> None:
    child = Failing()
    said = io.StringIO()
    keeper = Keeper(child, Console(said))
    keeper.start()
    time.sleep(1.8)
    keeper.stop()
    assert "failing did not start: no room" in said.getvalue()
    first = said.getvalue().splitlines()[0]
    assert re.fullmatch(
        r"20\d\d-\d\d-\d\dT[\d:.]{15}Z failing ended by itself with exit code 7: starting it again", first
    )
    gaps = [later - earlier for earlier, later in zip(child.starts, child.starts[1:], strict=False)]
    assert len(child.starts) == 3
    assert gaps[0] < gaps[1]


class Noted(threading.Event):
    """Told by a signal that came as the wait began: its handler runs when the wait ends, and nothing else ends it."""

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None, "it would wait for ever"
        told = super().wait(timeout)
        self.set()
        return told


def test_a_signal_that_comes_as_the_wait_begins_is_heard() -> None:
    told = Noted()
    wait_for_word(told)
    assert told.is_set()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "has ended"),
        (0, "has stopped as it was told to (exit code 0)"),
        (1, "ended by itself with exit code 1"),
        (-signal.SIGKILL, "was ended by SIGKILL"),
        (-40, "was ended by signal 40"),
    ],
)
def test_how_a_child_ended_is_said(code: int | None, words: str) -> None:
    assert ending(code) == words
