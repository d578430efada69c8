"""`lingfeng demo`: fill the demo shops, step by step, and write down who may log in."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from commerce import stock
from commerce.catalogue import demo, demo_store, media
from commerce.catalogue.demo import pictures
from commerce.catalogue.demo_steps import DemoAccount, DemoRun, DemoStep, DemoSteps
from commerce.credentials import new_password
from commerce.members.demo import DemoPerson, create_members
from commerce.members.types import AddressBody
from commerce.staff.demo import create_staff
from server import migrations
from server.application import Application, Command
from server.database import Connection
from server.jobs import Schedule
from server.settings import Environment

FILE = "demo.json"
_PATIENCE = 60.0
_STORY = ("scene-tea", "一壶好茶，\n不用着急", "岩茶、龙井、手冲咖啡豆", "看茶与咖啡", "/categories/tea")


class _Staff(msgspec.Struct, frozen=True, kw_only=True):
    account: str
    password: str
    roles: tuple[str, ...]


class _Member(msgspec.Struct, frozen=True, kw_only=True):
    phone: str
    password: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What demo.json says: where the site is and who may log in, the staff who may do everything first."""

    base_url: str = ""
    staff: list[_Staff] = []
    members: list[_Member] = []


async def load(app: Application, say: Callable[[str], None]) -> Told:
    """Run every step of the demo and write ``demo.json``. Runs of several processes wait for each other.

    Raises TimeoutError when another run has not ended within a minute.
    """
    run = DemoRun(app=app, say=say)
    async with app.database.transaction() as lock:
        until = time.monotonic() + _PATIENCE
        while not await demo_store.alone(lock):
            if time.monotonic() > until:
                raise TimeoutError("another demo run is still at work")
            await asyncio.sleep(0.2)
        for step in app.resource(DemoSteps).in_order:
            began = time.monotonic()
            await step.run(run)
            say(f"  {step.name:<14} {time.monotonic() - began:4.1f} s")
        told = Told(
            base_url=app.settings.base_url,
            staff=[_Staff(account=one.login, password=one.password, roles=one.roles) for one in run.staff],
            members=[_Member(phone=one.login, password=one.password) for one in run.members],
        )
        await asyncio.to_thread(
            _write, app.settings.home / FILE, msgspec.json.format(msgspec.json.encode(told), indent=2)
        )
    return told


async def refresh(app: Application) -> None:
    """Run the steps that keep the demo fresh, while the demo is on and nobody else is at it."""
    if not app.settings.demo:
        return
    run = DemoRun(app=app, say=lambda _: None)
    async with app.database.transaction() as lock:
        if await demo_store.alone(lock):
            for step in app.resource(DemoSteps).in_order:
                if step.refresh:
                    await step.run(run)


async def draw(run: DemoRun) -> None:
    """Draw every picture into the data folder."""
    home = run.app.settings.home

    def work() -> dict[str, str]:
        return {name: media.keep(home, "demo", name, "svg", svg.encode()) for name, svg in pictures.drawings()}

    run.pictures = await asyncio.to_thread(work)
    run.say(f"  {len(run.pictures)} pictures")


async def add_goods(run: DemoRun) -> None:
    """Add shops, categories, brands, products and SKUs, and fill up the stock of those that were bought from."""
    async with run.app.database.transaction() as connection:
        ids = {
            "shops": await demo_store.add_shops(connection, demo.SHOPS, run.pictures),
            "categories": await demo_store.add_categories(connection, demo.CATEGORIES),
            "brands": await demo_store.add_brands(connection, demo.BRANDS),
        }
        products = await demo_store.add_products(connection, demo.PRODUCTS, run.pictures, ids)
        skus = await demo_store.add_skus(connection, demo.PRODUCTS, run.pictures, products)
        await _fill(connection, skus)
        if scene := run.pictures.get(_STORY[0]):
            await demo_store.add_story(connection, *_STORY, scene)
    run.say(f"  {len(demo.SHOPS)} shops, {len(products)} products, {len(skus)} SKUs")


async def fill_stock(run: DemoRun) -> None:
    """Fill up again what orders and sales have taken: demo SKUs are never short, however long the demo runs."""
    async with run.app.database.transaction() as connection:
        await _fill(connection, await demo_store.sku_ids(connection, demo.PRODUCTS))


async def _fill(connection: Connection, skus: Mapping[str, int]) -> None:
    wanted = {skus[sku.code]: sku.stock for product in demo.PRODUCTS for sku in product.skus if sku.code in skus}
    free = await stock.free(connection, list(wanted))
    for sku_id in sorted(wanted):
        if missing := max(0, wanted[sku_id] - free[sku_id]):
            await stock.receive(connection, sku_id, missing, "demo", "system")


async def add_people(run: DemoRun) -> None:
    """Add demo members and staff; the passwords of an earlier run stay."""
    known = await asyncio.to_thread(_read, run.app.settings.home / FILE)
    passwords = {member.phone: member.password for member in known.members}
    # One password for all of them: people try the demo with several members, and hashing costs a moment each.
    shared = next(iter(passwords.values()), None) or new_password()
    people = [
        DemoPerson(
            phone=member.phone,
            nickname=member.nickname,
            password=passwords.get(member.phone, shared),
            avatar=run.pictures.get(member.avatar, ""),
            addresses=tuple(
                AddressBody(name=address.receiver, phone=address.phone, region_code=address.code, detail=address.street)
                for address in member.addresses
            ),
        )
        for member in demo.MEMBERS
    ]
    async with run.app.database.transaction() as connection:
        await create_members(connection, people)
        shops = await demo_store.add_shops(connection, demo.SHOPS, run.pictures)
        staff = await create_staff(
            connection,
            {person.account: person.password for person in known.staff},
            [(shops[shop.slug], shop.name) for shop in demo.SHOPS],
        )
    run.members = [DemoAccount(login=person.phone, password=person.password) for person in people]
    run.staff = [
        DemoAccount(login=person.account, password=person.password, roles=tuple(person.roles)) for person in staff
    ]
    run.say(f"  {len(run.members)} members, {len(run.staff)} staff")


def _read(path: Path) -> Told:
    """Return what an earlier run wrote; nothing if it wrote nothing that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Told)
    except (FileNotFoundError, msgspec.DecodeError):
        return Told()


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)  # it holds passwords
    fresh.write_bytes(text + b"\n")
    fresh.replace(path)


async def run_demo(app: Application, arguments: argparse.Namespace) -> int:
    """Run ``lingfeng demo``."""
    if app.settings.environment is Environment.PRODUCTION and not app.settings.demo:
        sys.stderr.write("demo shops do not belong into production; LINGFENG_DEMO=1 says that you mean it\n")
        return 2
    async with app.database.connection() as connection:
        if await migrations.pending(connection, app.packages):
            sys.stderr.write("the schema is not up to date: run `lingfeng migrate` first\n")
            return 1
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    try:
        told = await load(app, say)
    except TimeoutError as error:
        sys.stderr.write(f"lingfeng demo: {error}\n")
        return 1
    say(f"Demo shops filled in {time.monotonic() - began:.1f} s; accounts are in {app.settings.home / FILE}")
    say(f"  staff {told.staff[0].account}, member {told.members[0].phone}")
    return 0


PICTURES = DemoStep(name="pictures", position=10, run=draw)
GOODS = DemoStep(name="goods", position=20, run=add_goods)
STOCK = DemoStep(name="stock", position=100, run=fill_stock, refresh=True)
PEOPLE = DemoStep(name="people", position=30, run=add_people)
REFRESH = Schedule(name="demo.refresh", every=300.0, run=refresh)
COMMAND = Command(
    path=("demo",),
    help="fill the demo shops, or bring them up to date",
    description=(
        "Fill three shops with sixty products, their pictures and stock, members and staff, and sales around now.\n"
        "Run it as often as you like: it adds what is missing and refreshes what has aged.\n"
        "The accounts that it made are written to demo.json in the data folder."
    ),
    run=run_demo,
)
