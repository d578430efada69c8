"""Pictures and videos of remarks that others do not see: their writer and who decides get them (server/media.py)."""

from __future__ import annotations

import msgspec

from commerce.members.belongings import Belongings
from commerce.reviews import media_store
from commerce.reviews.types import Remark
from server import media, uploads
from server.application import Application
from server.database import Connection
from server.http import Call
from server.jobs import Job, Schedule, enqueue

NAME = "reviews"
"""Of what belongs to a member."""
SETTLE = "reviews.media"
_AT_ONCE = 500


class Moved(msgspec.Struct, frozen=True):
    """The job that withholds the files of addresses, or serves them again, as what shows them stands then."""

    addresses: list[str]


async def settle_later(connection: Connection, *addresses: str) -> None:
    """Have these files withheld or served again once this has committed."""
    if addresses:
        await enqueue(connection, SETTLE, Moved(list(addresses)))


async def settle(app: Application, job: Moved) -> None:
    """Serve to everybody what something shows that everybody sees, and what staff uploaded; withhold the rest."""
    for address in sorted(set(job.addresses)):
        async with app.database.transaction() as connection:
            await media.hold(connection, address)
            seen = (await media_store.named(connection, [address])).get(address, False)
            seen = seen or address in await app.resource(Belongings).shown(connection, [address], but=NAME)
            if seen or address in await uploads.of_staff(connection, [address]):
                await media.release(app, address)
            else:
                await media.withhold(app, address)


async def sweep(app: Application) -> None:
    """Withhold what remarks that wait or are hidden show and that lies open all the same: its job was given up, or it
    was put back from a copy."""
    last = 0
    while True:
        async with app.database.connection() as connection:
            found = await media_store.unseen(connection, last, _AT_ONCE)
        for _, addresses in found:
            await settle(app, Moved([each for each in addresses if await media.is_served(app, each)]))
        if len(found) < _AT_ONCE:
            return
        last = found[-1][0]


def opened(call: Call, remark: Remark) -> Remark:
    """Return a remark for its writer or for who decides: with addresses that lead the caller to what is
    withheld."""
    if remark.seen:
        return remark
    secret, owner = call.app.settings.secret, call.owner
    return msgspec.structs.replace(
        remark,
        pictures=[media.sealed(secret, each, owner) for each in remark.pictures],
        video=media.sealed(secret, remark.video, owner) if remark.video else "",
    )


SCHEDULE = Schedule(name="reviews.media", every=3600.0, run=sweep)
JOB = Job(name=SETTLE, payload=Moved, run=settle)
