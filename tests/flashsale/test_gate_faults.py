"""What the gate says while Redis is away, new, old, slow or somebody else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio as aioredis

from flashsale.gate import Attempt, Gate, GateUnavailable, Outcome, Release, Released, Rewin, scripts
from flashsale.gate.link import Endpoint, ask, connect, parse_url
from server.engines import Engines, Valkey
from tests.flashsale.gate_book import open_item, terms


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey of this test alone, every write on disk before it answers."""
    engines = Engines(tmp_path / "home", valkey={"enable-debug-command": "local"})
    engines.valkey.start()
    yield engines.valkey
    engines.close()


@pytest.fixture
async def gate(valkey: Valkey) -> AsyncIterator[Gate]:
    made = Gate.at(valkey.url)
    yield made
    await made.close()


async def outcome(gate: Gate, *words: str) -> list[Outcome]:
    return [decision.outcome for decision in await gate.admit(1, [Attempt(1, word) for word in words])]


async def back(gate: Gate) -> None:
    """Wait until the gate has a connection again."""
    for _ in range(100):
        try:
            await gate.figures(1)
            return
        except GateUnavailable:
            await asyncio.sleep(0.05)
    raise AssertionError("the gate does not come back")


async def test_scripts_that_redis_forgot_are_brought_again(gate: Gate, valkey: Valkey) -> None:
    await open_item(gate)
    async with aioredis.from_url(valkey.url) as other:
        await other.script_flush()
        assert await outcome(gate, "k") == [Outcome.WON]
        await other.script_flush()
        assert await gate.release(1, [Release(1, 1, "k", 1)]) == [Released.GIVEN_BACK]


async def test_a_restart_with_all_data_shuts_the_item_until_it_is_rebuilt(gate: Gate, valkey: Valkey) -> None:
    await open_item(gate)
    assert await outcome(gate, "k") == [Outcome.WON]
    valkey.kill()
    with pytest.raises(GateUnavailable):
        await gate.admit(1, [Attempt(1, "k")])
    valkey.start()
    await back(gate)
    assert await outcome(gate, "k", "new") == [Outcome.UNAVAILABLE] * 2
    assert await gate.release(1, [Release(1, 1, "k", 1)]) == [Released.LATER]
    assert (await gate.rewin(1, Rewin(1, "k", 1, 2))).outcome is Outcome.UNAVAILABLE
    figures = await gate.figures(1)
    assert figures is not None
    assert not figures.fit
    # Its journal can be read and emptied all the same, and then it is loaded anew.
    entries = await gate.journal_read(1)
    assert [entry.request_id for entry in entries] == ["k"]
    assert await gate.journal_remove(1, entries) == 1
    await open_item(gate, epoch=2)
    assert await outcome(gate, "new") == [Outcome.WON]


async def test_a_load_that_meets_a_restart_is_refused(gate: Gate, valkey: Valkey) -> None:
    await open_item(gate, epoch=1)
    await gate.shut(1, "t")
    token, stamp = "t", await gate._source.stamp()
    fields = ("avail", 3, "park", 0, "rev", 1, "state", "open", "starts", 0, "ends", 1, "limit", 1)
    assert await gate._source.run(scripts.LOAD_BEGIN, 1, token, 2, "x", *fields) == 1
    valkey.kill()
    valkey.start()
    with pytest.raises(GateUnavailable):
        await gate.figures(1)
    await back(gate)
    assert await gate._source.stamp() != stamp
    assert await gate._source.run(scripts.LOAD_OPEN, 1, token, 2, 0) == 0
    assert await outcome(gate, "k") == [Outcome.UNAVAILABLE]


async def test_an_empty_restart_is_unavailable_and_not_sold_out(gate: Gate, valkey: Valkey) -> None:
    await open_item(gate)
    valkey.kill()
    valkey.wipe()
    valkey.start()
    with pytest.raises(GateUnavailable):
        await gate.figures(1)
    await back(gate)
    assert await gate.figures(1) is None
    assert await outcome(gate, "k") == [Outcome.UNAVAILABLE]
    assert await gate.shut(1, "t") is None
    assert await gate.load(1, "t", epoch=9, allocated=1, terms=terms(), reservations=[])
    assert await outcome(gate, "k") == [Outcome.WON]


async def test_an_older_copy_is_unavailable_and_its_journal_matches_nothing_newer(
    gate: Gate, valkey: Valkey, tmp_path: Path
) -> None:
    await open_item(gate)
    valkey.stop()
    valkey.save(tmp_path / "copy")
    valkey.start()
    await back(gate)
    await open_item(gate, epoch=2)
    assert await outcome(gate, "k") == [Outcome.WON]
    newer = await gate.journal_read(1)
    valkey.kill()
    valkey.restore(tmp_path / "copy")
    valkey.start()
    await back(gate)
    assert await outcome(gate, "k") == [Outcome.UNAVAILABLE]
    figures = await gate.figures(1)
    assert figures is not None
    assert figures.epoch == 1
    assert await gate.journal_remove(1, newer) == 0


async def test_a_node_that_takes_a_new_replication_id_is_asked_again(gate: Gate, valkey: Valkey) -> None:
    await open_item(gate)
    # What a first replica does when it attaches.
    await ask(await connect(parse_url(valkey.url)), [("DEBUG", "CHANGE-REPL-ID")])
    assert await outcome(gate, "k") == [Outcome.WON]
    fresh = Gate.at(valkey.url)
    await open_item(fresh, epoch=2)
    await asyncio.sleep(0.3)
    assert await outcome(gate, "k2") == [Outcome.UNAVAILABLE]
    assert await outcome(gate, "k2") == [Outcome.WON]
    await fresh.close()


async def test_a_replica_is_no_gate(gate: Gate, valkey: Valkey) -> None:
    await open_item(gate)
    await ask(await connect(parse_url(valkey.url)), [("REPLICAOF", "127.0.0.1", "1")])
    with pytest.raises(GateUnavailable, match="READONLY"):
        await gate.admit(1, [Attempt(1, "k")])
    with pytest.raises(GateUnavailable, match="replica"):
        await gate.admit(1, [Attempt(1, "k")])


async def test_a_redis_that_evicts_is_no_gate(gate: Gate, valkey: Valkey) -> None:
    async with aioredis.from_url(valkey.url) as other:
        await other.config_set("maxmemory", "100mb")
        await other.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(GateUnavailable, match="noeviction"):
        await gate.figures(1)


async def test_a_black_hole_is_given_up_in_time() -> None:
    held: list[asyncio.StreamWriter] = []

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gate = Gate.at(f"redis://127.0.0.1:{port}", timeout=0.8)
    began = time.monotonic()
    answers = await asyncio.gather(*[gate.figures(1) for _ in range(50)], return_exceptions=True)
    assert all(isinstance(answer, GateUnavailable) for answer in answers)
    assert time.monotonic() - began < 4
    # They shared one connection, and the next ones hear it at once.
    assert len(held) == 1
    began = time.monotonic()
    with pytest.raises(GateUnavailable):
        await gate.figures(1)
    assert time.monotonic() - began < 0.4
    await gate.close()
    for writer in held:
        writer.close()
    server.close()


async def test_callers_that_give_up_do_not_shift_the_answers_of_others(gate: Gate) -> None:
    for item in range(1, 21):
        await open_item(gate, item, allocated=item)

    async def available(item: int) -> int:
        figures = await gate.figures(item)
        assert figures is not None
        return figures.available

    for give_up in range(1, 20):
        tasks = [asyncio.create_task(available(item)) for item in range(1, 21)]
        await asyncio.sleep(0)
        for task in tasks[give_up::3]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for item, answer in enumerate(answers, 1):
            assert answer == item or isinstance(answer, asyncio.CancelledError)


async def test_a_stopped_redis_fails_the_call_and_the_next_connection_is_in_order(valkey: Valkey) -> None:
    gate = Gate.at(valkey.url, timeout=0.8)
    await open_item(gate, allocated=9)
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        with pytest.raises(GateUnavailable, match=r"0\.8"):
            await gate.admit(1, [Attempt(1, "lost")])
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    await asyncio.sleep(0.15)
    await back(gate)
    # Unknown meant unknown: it had won, and the same key says so.
    assert await outcome(gate, "lost", "next") == [Outcome.AGAIN, Outcome.WON]
    await gate.close()


def test_addresses_are_read() -> None:
    assert parse_url("unix:///run/valkey.sock?db=3") == Endpoint(path="/run/valkey.sock", database=3)
    assert parse_url("redis://user:p%40ss@10.0.0.1:7000/2") == Endpoint(
        host="10.0.0.1", port=7000, username="user", password="p@ss", database=2
    )
    assert parse_url("rediss://:secret@cache") == Endpoint(host="cache", password="secret", tls=True)
    with pytest.raises(ValueError, match="http"):
        parse_url("http://cache")


async def test_a_password_is_sent_and_a_wrong_one_is_heard(valkey: Valkey) -> None:
    async with aioredis.from_url(valkey.url) as other:
        await other.config_set("requirepass", "open sesame")
    path = parse_url(valkey.url).path
    gate = Gate.at(f"unix://:open%20sesame@{path}")
    assert await gate.figures(1) is None
    await gate.close()
    wrong = Gate.at(f"unix://:closed@{path}")
    with pytest.raises(GateUnavailable, match="WRONGPASS"):
        await wrong.figures(1)
    await wrong.close()
