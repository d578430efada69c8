"""A server that is measured from outside: a process of its own, told what to do by lines on its standard input."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has spent, user and system, all threads, to the nanosecond, from the kernel."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def kept_waiting(pid: int) -> float:
    """Seconds that the threads of a process were ready to run and had no core, because others ran there."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9


def memory_of(pid: int) -> int:
    """Bytes of memory that a process has resident."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"the kernel tells nothing of the memory of {pid}")


class Server:
    """A running server. Its first line on standard output was the port it listens on."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port
        self.pid = process.pid

    def tell(self, words: str) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(words.encode() + b"\n")
        self._process.stdin.flush()

    def heard(self) -> str:
        """Wait for a line of its answer."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

    @property
    def answers(self) -> int:
        """Return the number of the file that can be read when there is a line to hear."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def cpu(self) -> float:
        """Return the seconds of CPU that it has spent."""
        return cpu_of(self.pid)

    def kept_waiting(self) -> float:
        """Return the seconds that it was kept from running by others."""
        return kept_waiting(self.pid)

    def memory(self) -> int:
        """Return the bytes that it has resident."""
        return memory_of(self.pid)


@contextmanager
def server(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run ``command`` until the end of the block. Raises RuntimeError when it does not start."""
    process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{command[0]} ended with {process.wait()} before it listened")
        yield Server(process, int(port))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
