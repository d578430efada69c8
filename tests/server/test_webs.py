"""`lingfeng web --workers N` as whoever starts it sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from server.http import sockets
from server.settings import Settings


@pytest.mark.timeout(120)  # it starts three processes
def test_the_processes_are_called_open_when_each_of_them_answers(settings: Settings) -> None:
    with tempfile.TemporaryDirectory(prefix="lf-web-") as folder:  # a short path, for the sockets
        given = msgspec.structs.replace(settings, home=Path(folder))
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LINGFENG_")} | {
            "DATABASE_URL": given.database_url,
            "REDIS_URL": given.redis_url,
            "LINGFENG_HOME": folder,
            "LINGFENG_PORT": str(given.port),
        }
        command = [sys.executable, "-m", "server.cli", "web", "--workers", "2"]
        with subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as parent:
            try:
                assert parent.stdout is not None
                assert parent.stdout.readline() == f"Starting 2 web processes at 127.0.0.1:{given.port} …\n"
                said = next(line for line in parent.stdout if " | " not in line)
                assert said == f"2 web processes are open at 127.0.0.1:{given.port}\n"
                for number in (1, 2):
                    with socket.socket(socket.AF_UNIX) as asking:
                        asking.connect(str(sockets.path(given, number)))
                os.kill(int((Path(folder) / "run" / "web-2.pid").read_text()), signal.SIGKILL)
                said = next(line for line in parent.stdout if " | " not in line)
                assert said.endswith("Z web-2 was ended by SIGKILL: starting it again\n")
            finally:
                parent.terminate()
                parent.communicate(timeout=60)
        assert parent.returncode == 0
