"""Pictures that members uploaded and nothing shows: they go."""

from __future__ import annotations

from commerce.members.belongings import Belongings
from server import uploads
from server.application import Application
from server.jobs import Schedule

_AT_ONCE = 100


async def tidy(app: Application) -> None:
    """Remove pictures that nothing has shown for a day, or that nothing shows any longer."""
    while True:
        async with app.database.transaction() as connection:
            due = await uploads.due(connection, _AT_ONCE)
            await uploads.settle(connection, due, await app.resource(Belongings).shown(connection, due))
        if len(due) < _AT_ONCE:
            return


SCHEDULE = Schedule(name="members.pictures", every=600.0, run=tidy)
