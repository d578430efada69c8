"""The unix socket of each web process of this machine: what a proxy and the process's siblings reach it by.

A web process that is one of several has a number, 1 to 64. Its socket is ``web-<number>.sock``, and its name
``w<number>`` begins the ids of its Socket.IO connections, so that nginx and the siblings know whose a request is.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.settings import Settings, SettingsError

MOST = 64
"""Web processes of one machine."""
LONGEST = 107
"""Bytes in a unix socket's address, less its final NUL."""
_NAMED = re.compile(r"w([1-9][0-9]?)")


def name_of(number: int) -> str:
    """Return the name of a web process."""
    return f"w{number}"


def number_of(name: str) -> int | None:
    """Return the number in a web process's name, None for what is no such name. ``name`` may be a stranger's."""
    found = _NAMED.fullmatch(name)
    return int(found[1]) if found is not None and int(found[1]) <= MOST else None


def folder(settings: Settings) -> Path:
    """Return where the sockets lie: where the settings say, else in the data folder's ``run``, else, where that path is
    too long for a socket, in a short folder of the same user."""
    if settings.sockets is not None:
        return settings.sockets
    made = settings.home / "run"
    if len(os.fsencode(made / f"web-{MOST}.sock")) <= LONGEST:
        return made
    digest = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:12]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"lingfeng-web-{os.geteuid()}-{digest}"


def path(settings: Settings, number: int) -> Path:
    """Return the socket of the web process ``number``."""
    return folder(settings) / f"web-{number}.sock"


@contextlib.contextmanager
def bound(settings: Settings) -> Iterator[socket.socket | None]:
    """Lend the bound socket of this process, and remove it at the end; None for a process without a number.

    What a killed process left is replaced. In a folder that was chosen for it (``LINGFENG_SOCKETS``) the group may
    connect too, the proxy's as a rule. Raises SettingsError.
    """
    if not settings.worker:
        yield None
        return
    at = path(settings, settings.worker)
    _prepare(at.parent, chosen=settings.sockets is not None)
    _clear(at, settings.worker)
    made = socket.socket(socket.AF_UNIX)
    try:
        try:
            # Nobody can connect before it listens, which it does with the right mode.
            made.bind(str(at))
            at.chmod(0o660 if settings.sockets is not None else 0o600)
        except OSError as error:
            raise SettingsError(f"{at}: {error.strerror or error}; choose a folder with LINGFENG_SOCKETS") from None
        ours = at.stat().st_ino
        yield made
    finally:
        made.close()
        with contextlib.suppress(OSError, UnboundLocalError):
            if at.stat().st_ino == ours:  # and not that of a successor
                at.unlink()


def withdraw(own: socket.socket) -> None:
    """Take away the path of a socket that ``bound`` lent: nobody finds it any more, who has connected stays."""
    Path(own.getsockname()).unlink(missing_ok=True)


def _prepare(where: Path, *, chosen: bool) -> None:
    if len(os.fsencode(where / f"web-{MOST}.sock")) > LONGEST:
        raise SettingsError(f"{where}: too long for the path of a socket; choose a folder with LINGFENG_SOCKETS")
    try:
        where.mkdir(mode=0o750 if chosen else 0o700, parents=True, exist_ok=True)
        found = where.lstat()
    except OSError as error:
        raise SettingsError(f"{where}: {error.strerror}; choose a folder with LINGFENG_SOCKETS") from None
    if not chosen and (found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode)):
        raise SettingsError(f"{where} belongs to another user: choose a folder with LINGFENG_SOCKETS")


def _clear(at: Path, number: int) -> None:
    """Remove a socket that nobody listens on. Raises SettingsError when somebody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(at))
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                at.unlink(missing_ok=True)
            return  # whatever else it is, binding tells
    raise SettingsError(f"{at} is in use: web process {number} of this data folder runs already")
