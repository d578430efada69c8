"""A web process as `lingfeng web` runs it, of the platform's realtime and the drill's room alone."""

from __future__ import annotations

import uvloop

from server import application, logs, settings
from server.http.serve import serve

FEATURES = ("server", "realtime", "loadtest.drain")


def main() -> None:
    """Serve until SIGTERM."""
    found = settings.load()
    logs.configure(found)
    uvloop.run(serve(application.build(found, FEATURES)))


if __name__ == "__main__":
    main()
