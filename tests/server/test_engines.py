"""The embedded engines: started, killed, cut off, robbed, at long paths and two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis.asyncio as aioredis

from server import leash
from server.engines import Busy, Engine, Engines, EnginesError
from server.engines.place import SOCKET_MAX


async def _write(engines: Engines, value: int) -> None:
    connection: Any = await asyncpg.connect(engines.database_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
    await connection.execute("INSERT INTO kept VALUES ($1)", value)
    await connection.close()
    async with aioredis.from_url(engines.redis_url) as client:
        await client.rpush("kept", value)


async def _read(engines: Engines) -> tuple[list[int], list[int]]:
    connection: Any = await asyncpg.connect(engines.database_url)
    rows = [row["value"] for row in await connection.fetch("SELECT value FROM kept ORDER BY value")]
    await connection.close()
    async with aioredis.from_url(engines.redis_url) as client:
        return rows, [int(value) for value in await client.lrange("kept", 0, -1)]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_for_end(*pids: int) -> None:
    deadline = time.monotonic() + 10
    while any(map(_alive, pids)):
        assert time.monotonic() < deadline, "an engine outlived its launcher"
        time.sleep(0.01)


async def test_a_kill_loses_nothing(own_engines: Engines) -> None:
    for number, engine in enumerate((own_engines.postgres, own_engines.valkey), 1):
        await _write(own_engines, number)
        before = engine.pid
        engine.kill()
        assert engine.pid is None
        engine.start()
        assert engine.pid not in (None, before)
    assert await _read(own_engines) == ([1, 2], [1, 2])


async def test_data_outlives_a_stop(tmp_path: Path) -> None:
    with Engines(tmp_path) as engines:
        await _write(engines, 7)
        pids = [engine.pid for engine in (engines.postgres, engines.valkey)]
    assert not any(_alive(pid) for pid in pids if pid)
    assert not list((tmp_path / "run").glob("*.pid"))
    with Engines(tmp_path) as engines:
        assert await _read(engines) == ([7], [7])


async def test_valkey_can_lose_its_data_or_get_old_data_back(own_engines: Engines, tmp_path: Path) -> None:
    await _write(own_engines, 1)
    own_engines.valkey.save(tmp_path / "older")
    await _write(own_engines, 2)
    with pytest.raises(EnginesError, match="stop valkey"):
        own_engines.valkey.wipe()
    own_engines.valkey.kill()
    own_engines.valkey.restore(tmp_path / "older")
    own_engines.valkey.start()
    assert await _read(own_engines) == ([1, 2], [1])
    own_engines.valkey.kill()
    own_engines.valkey.wipe()
    own_engines.valkey.start()
    assert await _read(own_engines) == ([1, 2], [])


async def test_valkey_refuses_to_forget(own_engines: Engines) -> None:
    async with aioredis.from_url(own_engines.redis_url) as client:
        told = {key: (await client.config_get(key))[key] for key in ("appendonly", "appendfsync", "maxmemory-policy")}
    assert told == {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


async def test_search_sees_chinese(own_engines: Engines) -> None:
    connection: Any = await asyncpg.connect(own_engines.database_url)
    await connection.execute("CREATE EXTENSION pg_trgm")
    assert await connection.fetchval("SELECT cardinality(show_trgm('限时秒杀'))") > 0
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.close()


def test_nothing_listens_on_the_network(own_engines: Engines) -> None:
    for engine in (own_engines.postgres, own_engines.valkey):
        sockets = {str(link.readlink()) for link in Path(f"/proc/{engine.pid}/fd").iterdir() if link.is_symlink()}
        numbers = {name[8:-1] for name in sockets if name.startswith("socket:[")}
        for table in ("tcp", "tcp6"):
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
            assert not [line for line in lines if line.split()[9] in numbers and line.split()[3] == "0A"]


def test_a_folder_has_one_launcher(own_engines: Engines) -> None:
    with pytest.raises(Busy, match="in use by another"):
        Engines(own_engines.home, wait=0)


async def test_two_folders_do_not_meet(own_engines: Engines, tmp_path: Path, furnish: Callable[[Path], Path]) -> None:
    with Engines(furnish(tmp_path)) as others:
        await _write(own_engines, 1)
        await _write(others, 2)
        assert await _read(own_engines) == ([1], [1])
        assert await _read(others) == ([2], [2])


async def test_a_long_path(tmp_path: Path) -> None:
    home = tmp_path / ("a rather long folder’s name " * 4) / "凌峰"
    assert len(os.fsencode(home)) > SOCKET_MAX
    with Engines(home) as engines:
        await _write(engines, 3)
        assert await _read(engines) == ([3], [3])
        short = engines.valkey.address.parent
        assert short.stat().st_mode & 0o077 == 0
    assert not short.exists()


async def test_a_path_of_odd_characters(tmp_path: Path) -> None:
    with Engines(tmp_path / "a b,c%20d?e#f'g\"凌") as engines:
        await _write(engines, 6)
        assert await _read(engines) == ([6], [6])


async def test_files_left_by_a_crash_do_not_stop_a_start(tmp_path: Path, furnish: Callable[[Path], Path]) -> None:
    with Engines(furnish(tmp_path)) as engines:
        await _write(engines, 4)
        cluster, sockets, address = engines.postgres.data, engines.postgres.sockets, engines.valkey.address
    # The number of a process that lives and is none of ours: PostgreSQL alone would refuse to start.
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n0\n5432\n\n\n\nready\n")
    sockets.mkdir(exist_ok=True)
    (sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    (sockets / ".s.PGSQL.5432").touch()
    address.touch()
    cluster.with_name(f"{cluster.name}.new").mkdir()
    with Engines(tmp_path) as engines:
        assert await _read(engines) == ([4], [4])


def test_another_major_version_is_named(tmp_path: Path, furnish: Callable[[Path], Path]) -> None:
    with Engines(furnish(tmp_path)) as engines:
        version = engines.postgres.data / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(EnginesError, match="made by PostgreSQL 15"), Engines(tmp_path):
        pass


def test_the_reason_for_a_failed_start_is_found(tmp_path: Path) -> None:
    with pytest.raises(EnginesError, match=r"postgres ended with 1; .*postgres\.log"):
        Engines(tmp_path, postgres={"no_such_option": "1"}).start()
    assert "no_such_option" in (tmp_path / "log" / "postgres.log").read_text()


LAUNCHER = """
import sys
from pathlib import Path
from server.engines import Engines
with Engines(Path(sys.argv[1])) as engines:
    print(engines.postgres.pid, engines.valkey.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
async def test_engines_end_with_their_launcher(
    tmp_path: Path, furnish: Callable[[Path], Path], sign: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(furnish(tmp_path))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        assert launcher.stdout is not None
        pids = [int(word) for word in launcher.stdout.readline().split()]
        assert all(map(_alive, pids))
        launcher.send_signal(sign)
    _wait_for_end(*pids)
    with Engines(tmp_path) as engines:
        await _write(engines, 5)
        assert await _read(engines) == ([5], [5])


def test_a_cut_off_creation_is_made_again(tmp_path: Path) -> None:
    engines = Engines(tmp_path)
    cluster = engines.postgres.data
    engines.close()
    with subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)], stdin=subprocess.PIPE) as launcher:
        deadline = time.monotonic() + 20
        while not (cluster.with_name(f"{cluster.name}.new") / "PG_VERSION").exists():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        launcher.kill()
    assert not cluster.exists()
    with Engines(tmp_path) as engines:
        assert engines.postgres.running


def test_a_child_outlives_the_thread_that_asked_for_it_only() -> None:
    child = leash.spawn(["/bin/sleep", "60"], death=signal.SIGKILL, env={})
    try:
        assert _alive(child.pid)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
    finally:
        child.kill()
        child.wait()


def test_handles_say_what_runs(own_engines: Engines) -> None:
    engine: Engine = own_engines.valkey
    assert engine.pid_file.read_text() == f"{engine.pid}\n"
    engine.stop()
    assert (engine.running, engine.pid, engine.pid_file.exists()) == (False, None, False)
    engine.stop()
    engine.start()
    assert engine.running
