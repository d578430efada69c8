"""Start a child process that cannot outlive the process that started it.

The kernel sends the child a signal when its parent ends, however it ends (``kill -9`` included), so that no engine and
no web process stays behind to hold a port or a data folder. The child side of this module runs by path, isolated from
the environment and before any dependency is there: standard library only.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

AS_IS = "as-is"
"""The child keeps the identity of its parent."""
NAMESPACE = "namespace"
"""The child of root runs in a user namespace where root's files belong to the ordinary user 1000."""

# The kernel follows the thread that forked, not the process: fork from one that lives as long as we do.
_launcher = ThreadPoolExecutor(1, thread_name_prefix="leash")


def spawn(
    command: Sequence[str],
    *,
    death: signal.Signals,
    env: Mapping[str, str],
    identity: str = AS_IS,
    keep: Sequence[int] = (),
    cwd: str = "/",
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own; it receives `death` when this process ends.

    `identity` is AS_IS, NAMESPACE or, as root, the number of the user to become. `keep` are file descriptors that the
    child inherits, locks as a rule. A child that could not change its identity ends with exit code 126.
    """
    argv = [sys.executable, "-I", "-S", __file__, identity, str(os.getpid()), str(int(death)), *command]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=keep,
            start_new_session=True,
        )

    return _launcher.submit(start).result()


def _become(identity: str) -> None:
    if identity == NAMESPACE:
        uid, gid = os.geteuid(), os.getegid()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
        Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
    elif identity != AS_IS:
        user = pwd.getpwuid(int(identity))
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)


def _child(identity: str, parent: int, death: int, command: list[str]) -> None:
    try:
        _become(identity)
    except OSError as error:
        sys.stderr.write(f"leash: {error}\n")
        sys.exit(126)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death)  # after the change of identity, which clears it
    if os.getppid() != parent:  # the parent ended before prctl took hold
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    _child(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
