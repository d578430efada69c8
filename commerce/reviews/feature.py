"""How reviews and questions plug in."""

from __future__ import annotations

from commerce.catalogue import DemoSteps, ProductBlocks
from commerce.members.belongings import Belongings
from commerce.members.centre import Centre, Entry
from commerce.messages import Messages
from commerce.orders.invitations import Invitations
from commerce.orders.types import OrderChanged
from commerce.reviews import (
    api,
    backoffice,
    belonging_store,
    demo_step,
    desk_api,
    figures,
    invite,
    jobs,
    letters,
    member_pages,
    pages,
    store,
    videos,
    withheld,
)
from commerce.staff import Permission, Tile, Tiles
from server.application import Application


def setup(app: Application) -> None:
    """Register reviews and questions: on products, in the member centre, and in the back office."""
    app.add(api.routes, desk_api.routes, pages.routes, member_pages.routes, backoffice.routes, videos.routes)
    app.resource(Messages).kind(*letters.KINDS)
    app.subscribe(OrderChanged, "reviews.received", jobs.received)
    app.job(jobs.JOB)
    app.job(letters.JOB)
    app.job(withheld.JOB)
    app.schedule(videos.SCHEDULE)
    app.schedule(withheld.SCHEDULE)
    app.extend_web(videos.SHELF.serve)
    app.resource(ProductBlocks).add(pages.PRODUCT)
    app.resource(Invitations).add(invite.invite)
    app.resource(Belongings).add(belonging_store.BELONGING)
    centre = app.resource(Centre)
    centre.entry(
        Entry(
            position=15,
            title="待评价",
            href=member_pages.MINE,
            icon="pencil",
            count=store.count_waiting_lines,
            news=True,
        )
    )
    centre.entry(Entry(position=40, title="我的提问", href=member_pages.QUESTIONS, icon="chat"))
    app.resource(DemoSteps).add(demo_step.STEP)
    app.resource(Tiles).add(
        Tile(
            title="评价审核",
            text="敏感词、举报和图片，决定展示还是隐藏",
            href=backoffice.QUEUE,
            icon="flag",
            permission=Permission.REVIEWS_MODERATE,
            figures=figures.to_decide,
        )
    )
    app.resource(Tiles).add(
        Tile(
            title="评价与问答",
            text="买家怎么说，替店铺回复",
            href=backoffice.DESK,
            icon="chat",
            permission=Permission.REVIEWS_REPLY,
            figures=figures.to_answer,
        )
    )
