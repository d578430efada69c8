"""`lingfeng flashsale verify [ITEM]` and `lingfeng flashsale rebuild ITEM`."""

from __future__ import annotations

import argparse
import sys

from flashsale.gate import GateUnavailable
from flashsale.seckill import store
from flashsale.seckill.rebuild import needed, rebuild
from flashsale.seckill.types import ItemState
from flashsale.seckill.verify import verify
from flashsale.seckill.views import VerifyView
from server.application import Application, Command
from server.errors import NotFound


def _item(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", type=int, metavar="ITEM", help="id of the sale")


def _item_or_all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", type=int, nargs="?", metavar="ITEM", help="id of the sale; without it every live one")


async def run_verify(app: Application, arguments: argparse.Namespace) -> int:
    """Print a report for each sale; 1 when an invariant is violated, 2 when there is no such sale."""
    if arguments.item is not None:
        ids = [arguments.item]
    else:
        async with app.database.connection() as connection:
            ids = [item.id for item in await store.live_items(connection)]
        if not ids:
            _say("no sale is published")
    violated = 0
    for item_id in ids:
        try:
            view = await _verify(app, item_id)
        except NotFound:
            print(f"lingfeng: there is no flash sale {item_id}", file=sys.stderr)  # noqa: T201  # a command speaks
            return 2
        violated += not view.ok
        _say(report(item_id, view))
    if len(ids) > 1:
        _say(f"{len(ids)} sales, {violated} with violations")
    return 1 if violated else 0


async def _verify(app: Application, item_id: int) -> VerifyView:
    """Verify a sale, once its gate is up: Redis may just have been started, with no worker there to load it."""
    view = await verify(app, item_id)
    if any(violation.invariant == "gate" for violation in view.violations):
        async with app.database.connection() as connection:
            item = await store.item(connection, item_id)
        try:
            why = await needed(app, item) if item is not None else ""
            if why in ("missing", "stamp"):
                _say(f"sale {item_id}: Redis was started anew or has lost the sale ({why}); loading it")
                await rebuild(app, item_id)
                view = await verify(app, item_id)
        except GateUnavailable as error:
            _say(f"sale {item_id}: Redis cannot be asked: {error.reason}")
    return view


async def run_rebuild(app: Application, arguments: argparse.Namespace) -> int:
    """Rebuild one sale's gate; 1 when it could not be done, 2 when there is no such published sale."""
    async with app.database.connection() as connection:
        item = await store.item(connection, arguments.item)
    if item is None or item.state is ItemState.DRAFT or item.archived_at is not None:
        print(f"lingfeng: there is no flash sale {arguments.item} with a gate", file=sys.stderr)  # noqa: T201  # a command speaks
        return 2
    try:
        done = await rebuild(app, arguments.item)
    except GateUnavailable as error:
        print(f"lingfeng: Redis cannot be asked: {error.reason}", file=sys.stderr)  # noqa: T201  # a command speaks
        return 1
    _say(
        f"sale {arguments.item}: " + ("loaded from PostgreSQL and open" if done else "another rebuild came in between")
    )
    return 0 if done else 1


def report(item_id: int, view: VerifyView) -> str:
    """Return what `verify` found, for people."""
    head = (
        f"sale {item_id}: {'ok' if view.ok else 'VIOLATED'} · allocated {view.allocated} = available {view.available}"
        f" + held {view.held} + sold {view.sold}"
    )
    return "\n".join([head, *(f"  {violation.invariant}: {violation.detail}" for violation in view.violations)])


def _say(text: str) -> None:
    print(text)  # noqa: T201  # a command speaks


COMMANDS = (
    Command(
        path=("flashsale", "verify"),
        group="flash sales as the books have them: check, repair",
        help="hold the books of flash sales against each other",
        description="Compares Redis and PostgreSQL, also while a sale runs. A sale that Redis lost is loaded first. "
        "Exit code 1 when an invariant is violated.",
        run=run_verify,
        arguments=_item_or_all,
    ),
    Command(
        path=("flashsale", "rebuild"),
        help="load a flash sale into Redis from PostgreSQL",
        description="Shuts the gate, settles what was admitted, loads the sale under a new epoch and opens it again.",
        run=run_rebuild,
        arguments=_item,
    ),
)
