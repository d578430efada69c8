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

from server import leash
from server.engines.engine import ENVIRONMENT, EnginesError

SOCKET_MAX = 107
"""Bytes in a unix socket's address, less its final NUL."""


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EnginesError(
            f"{name} is not installed: pip install 'lingfeng[embedded]', or set DATABASE_URL and REDIS_URL"
        )
    return Path(spec.origin).parent


def socket_folder(home: Path, identity: str) -> Path:
    """Return the sockets' folder: in the data folder, or a short one where that path is too long for a socket."""
    sockets = home / "run" / "sockets"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) > SOCKET_MAX:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        sockets = Path(base) / f"lingfeng-{os.geteuid()}-{digest}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    owner = int(identity) if identity.isdigit() else os.geteuid()
    if sockets.is_symlink() or sockets.stat().st_uid not in (owner, os.geteuid()):
        raise EnginesError(f"{sockets} belongs to another user: remove it")
    if owner != os.geteuid():
        os.chown(sockets, owner, pwd.getpwuid(owner).pw_gid)
    return sockets


def postgres_place(home: Path, binaries: Path) -> tuple[str, Path, Path]:
    """Return PostgreSQL's identity, the folder of its binaries and the folder of its data.

    PostgreSQL refuses to run as root. Root starts it in a user namespace, where root's own files are those of an
    ordinary user. Where that is not allowed (a chroot, some containers) it runs as `nobody`, with a copy of its
    binaries that `nobody` can read, and with its data outside the data folder if `nobody` cannot reach that.
    """
    data = home / "postgres"
    if os.geteuid() != 0:
        return leash.AS_IS, binaries, data
    if _can(leash.NAMESPACE, home, binaries / "postgres"):
        return leash.NAMESPACE, binaries, data
    nobody = pwd.getpwnam("nobody")
    identity = str(nobody.pw_uid)
    shared = Path("/var/lib/lingfeng")
    if not _can(identity, home, Path("/bin/true")):
        data = shared / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    if not _can(identity, Path("/"), binaries / "postgres"):
        binaries = _shared_copy(shared, binaries)
    return identity, binaries, data


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


def _shared_copy(shared: Path, binaries: Path) -> Path:
    """Copy PostgreSQL's package where every user can read it, once for each version of it."""
    package = binaries.parents[1]
    stat = (binaries / "postgres").stat()
    copy = shared / f"postgres-{stat.st_size}-{stat.st_mtime_ns}"
    if not copy.exists():
        shared.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=shared) as made:
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, Path(made, part.name), symlinks=True)
            Path(made).chmod(0o755)
            Path(made).rename(copy)
            Path(made).mkdir()  # for the context manager to remove
    return copy / package.name / "pginstall" / "bin"
