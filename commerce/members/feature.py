"""Members, assembled."""

from __future__ import annotations

from commerce.members import address_pages, api, backoffice, codes, demo, pages
from commerce.members.centre import Centre
from commerce.members.directory import directory
from server.application import Application, Command
from server.http import Kind
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register members: their sessions, routes, schedule and demo command."""
    app.directory(Kind.MEMBER, directory)
    app.provide(Centre, Centre())
    app.add(api.accounts, api.book, pages.routes, address_pages.routes, backoffice.routes)
    app.schedule(Schedule(name="members.tidy_codes", every=3600, run=codes.tidy))
    app.command(
        Command(
            path=("demo", "buyers"),
            help="make members with an address and a token, one JSON line each (development only)",
            run=demo.run_buyers,
            arguments=demo.buyers_arguments,
        )
    )
