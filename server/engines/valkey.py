"""The embedded Valkey."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from server import leash
from server.engines.engine import Engine

VALKEY_OPTIONS: Mapping[str, str] = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


class Valkey(Engine):
    """The embedded Valkey, every accepted write on disk before it answers (`appendfsync always`)."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    last_resorts = ()

    def __init__(self, home: Path, sockets: Path, options: Mapping[str, str], binary: Path) -> None:
        super().__init__(home, sockets, leash.AS_IS, {**VALKEY_OPTIONS, **options})
        self.binary = binary
        self.address = sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The URL of its socket; `?db=N` chooses a logical database."""
        return f"unix://{quote(str(self.address))}"

    def _prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.address.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        options = {**self.options, "dir": str(self.data), "unixsocket": str(self.address)}
        return [str(self.binary), *(word for key, value in options.items() for word in (f"--{key}", value))]

    def _is_ready(self, pid: int) -> bool:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(1)
            try:
                peer.connect(str(self.address))
                peer.sendall(b"PING\r\n")
                return peer.recv(16).startswith(b"+PONG")  # -LOADING while it reads its file
            except OSError:
                return False
