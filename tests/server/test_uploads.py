"""Uploads: what comes back is ours, whatever was sent."""

from __future__ import annotations

import asyncio
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import structlog
from aiohttp.test_utils import TestClient
from PIL import Image

from server import uploads
from server.application import Application
from server.database import Connection
from server.http import Identity, Kind
from server.http.web import web_app
from server.pictures import MOST_BYTES, Encoders, Picture, encode
from server.settings import Settings
from tests.server.fragile import DEADLY, fragile

Client = TestClient[Any, Any]
Site = tuple[Application, Client, dict[str, str]]
PHP = b"<?php system($_GET['c']); ?><script>alert(1)</script>"


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that claims, and holds, ``side`` by ``side`` pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\x00" * (side // 8 + 1)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
async def site(settings: Settings, aiohttp_client: Any) -> Site:
    return await opened(settings, aiohttp_client)


async def opened(settings: Settings, aiohttp_client: Any) -> Site:
    app = Application(settings, ("server",))

    async def people(connection: Connection, subject: int) -> Identity:
        return Identity(kind=Kind.MEMBER, id=subject, name="小满")

    app.directory(Kind.MEMBER, people)
    client = await aiohttp_client(web_app(app))
    async with app.database.transaction() as connection:
        issued = await app.sessions.issue(connection, Kind.MEMBER, 1, "", "")
    return app, client, {"Authorization": f"Bearer {issued.token}"}


def form(body: bytes, name: str = "file", filename: str = "a.png", content_type: str = "image/png") -> aiohttp.FormData:
    made = aiohttp.FormData()
    made.add_field(name, body, filename=filename, content_type=content_type)
    return made


KINDS = [("PNG", "RGBA"), ("PNG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB"), ("GIF", "P")]


async def test_a_picture_is_kept_and_served_as_webp(site: Site) -> None:
    _, client, who = site
    for kind, mode in KINDS:
        await keep(client, who, kind, mode)


async def keep(client: Client, who: dict[str, str], kind: str, mode: str) -> None:
    response = await client.post("/api/v1/uploads", data=form(picture(kind, mode=mode)), headers=who)
    made = await response.json()
    assert response.status == 201, made
    assert (made["width"], made["height"], made["media_type"]) == (60, 40, "image/webp")
    shown = await client.get(made["url"])
    served = await shown.read()
    assert (shown.status, shown.headers["Content-Type"], len(served)) == (200, "image/webp", made["size"])
    assert "immutable" in shown.headers["Cache-Control"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(served)) as image:
        assert (image.format, image.size) == ("WEBP", (60, 40))


async def test_the_same_picture_is_kept_once(site: Site, settings: Settings) -> None:
    _, client, who = site
    answers = [await (await client.post("/api/v1/uploads", data=form(picture()), headers=who)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    files = [path for path in (settings.home / "media").rglob("*") if path.is_file()]
    assert [path.suffix for path in files] == [".webp"]


async def test_a_member_fills_no_disk(settings: Settings, aiohttp_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may upload sixty a minute must not do so for ever."""
    monkeypatch.setattr(uploads, "PER_MEMBER", "2/day")
    _, client, who = await opened(msgspec.structs.replace(settings, limits=True), aiohttp_client)
    answers = [
        (await client.post("/api/v1/uploads", data=form(picture(size=(60, 40 + n))), headers=who)).status
        for n in range(3)
    ]
    assert answers == [201, 201, 429]


async def test_metadata_and_hidden_passengers_are_gone(site: Site) -> None:
    _, client, who = site
    exif = Image.Exif()
    exif[0x010E] = "taken at home, secret-street 7"
    exif[0x0112] = 6  # lies on its side
    for kind in ("JPEG", "WEBP"):
        body = picture(kind, exif=exif.tobytes(), icc_profile=b"secret-profile" * 20) + PHP + b"PK\x03\x04secret-zip"
        made = await (await client.post("/api/v1/uploads", data=form(body), headers=who)).json()
        served = await (await client.get(made["url"])).read()
        assert (made["width"], made["height"]) == (40, 60)
        assert b"secret" not in served
        assert b"<?php" not in served
        with Image.open(io.BytesIO(served)) as image:
            assert not image.getexif()
            assert "icc_profile" not in image.info


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


REFUSED: list[tuple[bytes, int, str | None]] = [
    (SVG, 415, "not_a_picture"),
    (b"GIF89a<script>alert(1)</script>", 415, "not_a_picture"),
    (b"", 415, "not_a_picture"),
    (b"%PDF-1.7", 415, "not_a_picture"),
    (PHP, 415, "not_a_picture"),
    (b"RIFF\x00\x00\x00\x00AVI LIST", 415, "not_a_picture"),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n", 415, "not_a_picture"),
    (picture("BMP"), 415, "not_a_picture"),
    (picture("TIFF"), 415, "not_a_picture"),
    (picture("PNG", (300, 300))[:-300], 422, "picture_broken"),
    (picture("JPEG", (300, 300))[:300], 422, "picture_broken"),
    (b"\x89PNG\r\n\x1a\n" + b"\x00" * 200, 422, None),
    (bomb(7_000), 413, "picture_too_large"),
    (bomb(30_000), 413, "picture_too_large"),
    (b"\xff\xd8\xff" + b"a" * MOST_BYTES, 413, "picture_too_large"),
]


async def test_what_is_no_harmless_picture_is_refused(site: Site, settings: Settings) -> None:
    app, client, who = site
    for body, status, code in REFUSED:
        response = await client.post("/api/v1/uploads", data=form(body), headers=who)
        error = (await response.json())["error"]
        if code is None:
            assert response.status in (415, 422), body[:40]
        else:
            assert (response.status, error["code"]) == (status, code), body[:40]
    assert not list(settings.home.rglob("*.webp"))
    async with app.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM uploads") == 0


async def test_forms_that_are_wrong_are_refused(site: Site) -> None:
    _, client, who = site
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    two = form(picture())
    two.add_field("else", "1")
    wrong: list[tuple[Any, dict[str, str], int]] = [
        (b"{}", {"Content-Type": "application/json"}, 415),
        (picture(), {"Content-Type": "image/png"}, 415),
        (b"nonsense", multipart, 422),
        (b"", multipart, 422),
        (b"--x\r\nnonsense", multipart, 422),
        (b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nabc", multipart, 0),
        (b"", {"Content-Type": "multipart/form-data"}, 422),
        *(
            (b"--x\r\nContent-Disposition: form-data; name=file" + head + b"\r\n\r\nabc\r\n--x--\r\n", multipart, 0)
            for head in (
                b"; filename=a\r\nContent-Transfer-Encoding: bogus",
                b"; filename=a\r\nContent-Transfer-Encoding: base64",
                b"; filename=a\r\nContent-Encoding: bogus",
                b"; filename=a\r\nContent-Encoding: gzip",
                b"; filename=a\r\nContent-Encoding: deflate",
                b"\r\nContent-Type: text/plain; charset=bogus",
                b"\r\nContent-Type: multipart/mixed; boundary=y",
                b"\r\nContent-Type: multipart/mixed",
            )
        ),
        (form(picture(), name="picture"), {}, 422),
        (aiohttp.FormData({"file": "text"}), {}, 415),
        (two, {}, 422),
        (b"--x\r\n" + b"a" * (MOST_BYTES + 10_000), multipart, 413),
    ]
    for body, headers, status in wrong:
        response = await client.post("/api/v1/uploads", data=body, headers=who | headers)
        assert response.status == status if status else 400 <= response.status < 500, (body, await response.text())
        assert (await response.json())["error"]["code"]
    assert (await client.post("/api/v1/uploads", data=form(picture()))).status == 401


async def test_a_chunked_flood_is_refused(site: Site) -> None:
    _, client, who = site

    async def flood() -> Any:
        yield b"--x\r\nContent-Disposition: form-data; name=file; filename=a.png\r\n\r\n"
        for _ in range(200):
            yield b"a" * 65_536

    headers = who | {"Content-Type": "multipart/form-data; boundary=x"}
    response = await client.post("/api/v1/uploads", data=flood(), headers=headers)
    assert response.status == 413


async def test_no_address_leads_elsewhere(site: Site) -> None:
    app, client, _ = site
    Path(app.settings.home / "secret").write_text("key")
    for path in ("00/..%2f..%2fsecret", f"00/{'0' * 64}.webp", f"zz/{'z' * 64}.webp", "../secret"):
        assert (await client.get(f"/media/u/{path}")).status == 404


LAG = """
import asyncio, io, time
from PIL import Image
from server.pictures import Encoders

async def main():
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "PNG")
    encoders, began = Encoders(), time.monotonic()
    task, worst = asyncio.create_task(encoders.encode(out.getvalue())), 0.0
    while not task.done():
        at = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - at)
    assert task.result().width == 60
    print(worst, time.monotonic() - began)
    encoders.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_nobody_waits_while_the_first_decoder_starts(tmp_path: Path) -> None:
    program = tmp_path / "lag.py"
    program.write_text(LAG)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=True, timeout=100
    )
    worst, took = map(float, done.stdout.split())
    assert worst < took / 2, "the loop stood still for most of it"


def test_a_large_picture_is_made_smaller() -> None:
    result = encode(picture("JPEG", (5000, 1000)))
    assert not isinstance(result, str)
    assert (result.width, result.height) == (2048, 410)


async def test_a_picture_that_kills_its_decoder_takes_nobody_along(site: Site) -> None:
    app, client, who = site
    encoders = Encoders(fragile)
    app.provide(Encoders, encoders)
    bodies = [picture(size=(60 + number, 40)) for number in range(6)]
    for place in (1, 4):
        bodies[place] += DEADLY

    async def send(body: bytes) -> tuple[int, str]:
        response = await client.post("/api/v1/uploads", data=form(body), headers=who)
        answer = await response.json()
        return response.status, answer["error"]["code"] if "error" in answer else ""

    try:
        answers = await asyncio.gather(*map(send, bodies))
    finally:
        encoders.close()
    bad = (422, "picture_broken")
    assert answers == [(201, ""), bad, (201, ""), (201, ""), bad, (201, "")]


async def test_pictures_that_the_data_folder_lacks_are_warned_of_once(settings: Settings) -> None:
    app = Application(settings, ("server",))

    async def said() -> list[Any]:
        with structlog.testing.capture_logs() as lines:
            await uploads.warn_of_missing(app)
        return [line["example"] for line in lines if line["log_level"] == "warning"]

    async with app.running("command"):
        assert await said() == []
        async with app.database.transaction() as connection:
            view = await uploads.store(app, connection, "member:7", Picture(b"a picture", 1, 1))
        assert await said() == []
        (settings.home / view.url[1:]).unlink()
        assert await said() == [view.url]
    nowhere = msgspec.structs.replace(settings, database_url="postgresql://127.0.0.1:1/none")
    app = Application(nowhere, ("server",))
    async with app.running("command"):
        assert await said() == []
