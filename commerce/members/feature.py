"""Members, assembled."""

from __future__ import annotations

from commerce.members import (
    address_pages,
    api,
    avatar,
    backoffice,
    belonging_store,
    codes,
    contact_pages,
    demo,
    exports,
    leaving,
    merging,
    pages,
    pictures,
    safety_api,
    safety_pages,
    security_api,
)
from commerce.members.belongings import Belongings
from commerce.members.centre import Centre
from commerce.members.desk import MemberDesk
from commerce.members.directory import directory
from commerce.members.doors import Doors
from commerce.members.security_rows import SecurityRows
from commerce.staff import Tile, Tiles
from server.application import Application, Command
from server.http import Kind
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register members: their sessions, routes, schedule and demo command."""
    app.directory(Kind.MEMBER, directory)
    app.provide(Centre, Centre())
    app.provide(Doors, Doors())
    app.provide(MemberDesk, MemberDesk())
    app.provide(SecurityRows, SecurityRows())
    belongings = Belongings()
    belongings.add(belonging_store.BELONGING)
    app.provide(Belongings, belongings)
    app.add(api.accounts, api.book, security_api.routes, pages.routes, contact_pages.routes)
    app.add(address_pages.routes, backoffice.routes)
    app.add(safety_api.routes, safety_pages.routes, avatar.routes)
    app.job(merging.JOB)
    app.job(exports.JOB)
    app.job(leaving.JOB)
    app.schedule(leaving.SCHEDULE)
    app.schedule(pictures.SCHEDULE)
    app.schedule(Schedule(name="members.tidy_exports", every=3600, run=exports.tidy))
    app.resource(Tiles).add(
        Tile(
            title="会员",
            text="找会员，看账号的情况",
            href=backoffice.LIST,
            icon="people",
            permission="members.view",
            figures=backoffice.figures,
        )
    )
    app.schedule(Schedule(name="members.tidy_codes", every=3600, run=codes.tidy))
    app.schedule(Schedule(name="members.tidy_offers", every=3600, run=merging.tidy))
    app.command(
        Command(
            path=("demo", "buyers"),
            help="make members with an address and a token, one JSON line each (development only)",
            run=demo.run_buyers,
            arguments=demo.buyers_arguments,
        )
    )
