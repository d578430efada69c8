"""The command line: help, exit codes, where commands find their engines."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from server import application, cli, settings
from server.application import Application, Command
from server.engines import Engines
from server.supervisor import ADDRESSES


@pytest.fixture(autouse=True)
def _no_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment without addresses; what a command adds to it is taken back."""
    with monkeypatch.context() as environment:
        for name in ("DATABASE_URL", "REDIS_URL", "LINGFENG_PORT", "LINGFENG_HOST"):
            environment.setenv(name, "")  # remembered, so that it is restored
        environment.setenv("LINGFENG_HOME", str(tmp_path))
        yield


async def _wave(app: Application, arguments: argparse.Namespace) -> int:
    async with app.database.connection() as connection:
        one = await connection.fetchval("SELECT 1")
    print("waves", arguments.times, one, await app.redis.ping(), app.role)
    return 1 if arguments.times == 7 else 0


def _times(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("times", type=int)


WAVE = Command(path=("flags", "wave"), help="wave a flag", run=_wave, arguments=_times)


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application with one feature's command."""
    original = application.build

    def build(loaded: settings.Settings) -> Application:
        app = original(loaded, ["server"])
        app.command(WAVE)
        return app

    monkeypatch.setattr(application, "build", build)


def test_the_manual_lists_what_there_is(flags: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    text = capsys.readouterr().out
    for word in ("run", "web", "worker", "migrate", "loadtest", "flags", "examples:", "environment:", "exit codes:"):
        assert word in text


def test_every_setting_of_the_environment_is_in_the_manual() -> None:
    source = Path(settings.__file__).read_text()
    named = {word for word in source.replace('"', " ").split() if word.startswith("LINGFENG_") and word.isupper()}
    hidden = {
        "LINGFENG_DEMO",
        "LINGFENG_LIMITS",
        "LINGFENG_LIMIT_LOOPBACK",
        "LINGFENG_FAULT_POINTS",
    }  # set by run, tests
    assert named - hidden <= {word.strip(",;=1") for word in cli.EPILOG.split()}


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("lingfeng 0.")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["run", "--port", "70000"],
        ["run", "--port", "x"],
        ["run", "--web", "0"],
        ["web", "--workers", "65"],
        ["flags", "wave", "x"],
    ],
)
def test_wrong_use_is_2(flags: None, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == cli.USAGE


def test_a_command_ends_without_going_through_all_it_imported() -> None:
    """What was registered before runs after."""
    program = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 10_000)); "
        "from server import cli; cli.main(['run', '--help'])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.endswith("True\n")


@pytest.mark.parametrize(
    ("environ", "words", "told"),
    [
        (
            {"DATABASE_URL": "postgresql://shop:s3cret@127.0.0.1:1/shop?sslmode=disable", "REDIS_URL": "redis://x"},
            ["migrate"],
            "the database does not answer at postgresql://127.0.0.1:1/shop: Connection refused",
        ),
        (
            {
                "DATABASE_URL": "postgresql://127.0.0.1:2/shop",
                "DATABASE_DIRECT_URL": "postgresql:///shop?user=u&password=s3cret&host=/nowhere",
                "REDIS_URL": "redis://x",
            },
            ["migrate"],
            "the database does not answer at postgresql:///nowhere (shop): No such file or directory",
        ),
        (
            {"DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:1/shop", "REDIS_URL": "redis://x"},
            ["flags", "wave", "1"],
            "the database does not answer at postgresql://127.0.0.1:1/shop: Connection refused",
        ),
    ],
)
def test_an_engine_that_does_not_answer_is_named_with_its_address(
    flags: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    words: list[str],
    told: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert cli.main(words) == cli.UNREACHABLE
    said = capsys.readouterr().err
    assert said.startswith(f"lingfeng: {told}")
    assert "s3cret" not in said


def test_redis_that_does_not_answer_is_named_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:s3cret@127.0.0.1:1/3?password=s3cret")
    said = cli._reached_for(RedisError("Error 111"), direct=False)
    assert said == "Redis does not answer at redis://127.0.0.1:1/3: Error 111"


def test_a_number_that_is_none_is_refused_in_our_words(flags: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["flags", "wave", "x"])
    assert "'x' is no whole number" in capsys.readouterr().err


def test_a_group_says_what_its_commands_are_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flashsale"]) == 0
    assert "flash sales as the books have them: check, repair" in capsys.readouterr().out
    paths = {command.path: command for command in application.build(cli._placeholder()).commands}
    groups = {path[:-1] for path in paths if path[:-1] and path[:-1] not in paths}
    assert groups == {command.path[:-1] for command in paths.values() if command.group}


def test_a_missing_address_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["web"]) == cli.USAGE
    assert "DATABASE_URL is not set" in capsys.readouterr().err


def test_a_wrong_setting_says_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LINGFENG_PORT", "many")
    assert cli.main(["run", "--no-demo"]) == cli.USAGE
    assert "LINGFENG_PORT" in capsys.readouterr().err


def test_production_has_no_sandboxes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in {
        "LINGFENG_ENV": "production",
        "LINGFENG_SECRET": "x" * 32,
        "LINGFENG_SANDBOXES": "1",
        "DATABASE_URL": f"postgresql://nobody@/nowhere?host={tmp_path}",
        "REDIS_URL": f"unix://{tmp_path}/nowhere.sock",
    }.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["web"]) == cli.USAGE
    assert "LINGFENG_SANDBOXES is on in production" in capsys.readouterr().err


def test_a_port_in_use_is_named_before_any_process_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@/nowhere?host={tmp_path}")
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/nowhere.sock")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("LINGFENG_HOST", "127.0.0.1")
        monkeypatch.setenv("LINGFENG_PORT", str(taken.getsockname()[1]))
        assert cli.main(["web", "--workers", "2"]) == cli.UNREACHABLE
    assert f"127.0.0.1:{os.environ['LINGFENG_PORT']}: " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_unreachable_database_is_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@/nowhere?host={tmp_path}")
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/nowhere.sock")
    assert cli.main(["migrate"]) == cli.UNREACHABLE


def test_a_features_command_gets_an_open_application(
    flags: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["flags", "wave", "3", "--home", str(tmp_path / "other")]) == 0
    assert capsys.readouterr().out == "waves 3 1 True command\n"
    assert (tmp_path / "other" / "valkey" / "appendonlydir").is_dir()


def test_its_exit_code_is_ours_and_engines_of_a_run_are_used(
    flags: None, own_engines: Engines, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINGFENG_HOME", str(own_engines.home))
    assert cli.main(["flags", "wave", "7"]) == cli.UNREACHABLE
    assert "try again in a moment" in capsys.readouterr().err
    told = {"DATABASE_URL": own_engines.database_url, "REDIS_URL": own_engines.redis_url}
    (own_engines.home / ADDRESSES).write_text(json.dumps(told))
    assert cli.main(["flags", "wave", "7"]) == cli.FAILED
    assert capsys.readouterr().out == "waves 7 1 True command\n"


def test_a_group_of_commands_shows_its_members(flags: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flags"]) == 0
    assert "wave a flag" in capsys.readouterr().out


def test_the_load_tests_explain_themselves_without_their_packages(tmp_path: Path) -> None:
    gone = "('locust', 'gevent', 'matplotlib', 'requests', 'websocket')"
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({gone}))\n")
    root = str(Path(cli.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}", "LINGFENG_HOME": str(tmp_path)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server.cli", "loadtest", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    for words in (("--help",), ("seckill", "--help")):
        told = run(*words)
        assert (told.returncode, told.stderr) == (0, "")
        assert "usage: lingfeng loadtest" in told.stdout
    refused = run("seckill", "--buyers", "1")
    assert refused.returncode == cli.USAGE
    assert "locust" in refused.stderr
    assert "make dev" in refused.stderr
