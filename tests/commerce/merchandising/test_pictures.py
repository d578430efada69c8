"""Pictures of products: encoded anew, in several sizes, the original where nobody is served from."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
from PIL import Image

from server.pictures import sized
from tests.commerce.catalogue.conftest import Shelf

Staff = dict[str, dict[str, str]]
API = "/api/v1/backoffice/pictures"


def photo(width: int, height: int) -> bytes:
    """Return a JPEG that says where it was taken."""
    made, out = Image.effect_noise((width, height), 60).convert("RGB"), io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    made.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def send(shelf: Shelf, raw: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    form = aiohttp.FormData()
    form.add_field("file", raw, filename="a.jpg")
    async with shelf.client.post(API, data=form, headers=headers) as response:
        return response.status, await response.json()


async def test_sizes_are_made_and_the_original_is_kept(shelf: Shelf, staff: Staff) -> None:
    raw = photo(1000, 500)
    status, told = await send(shelf, raw, staff["shop1"])
    assert (status, told["width"], told["height"]) == (201, 1000, 500)
    for side, size in ((160, (160, 80)), (400, (400, 200)), (800, (800, 400)), (None, (1000, 500))):
        address = told["url"] if side is None else sized(told["url"], side)
        async with shelf.client.get(address) as response:
            assert response.headers["Content-Type"] == "image/webp"
            body = await response.read()
        with Image.open(io.BytesIO(body)) as picture:
            assert picture.size == size
        assert b"taken at home" not in body
    async with shelf.client.get(sized(told["url"], 160).replace("-160", "-161")) as response:
        assert response.status == 404
    kept = [path.read_bytes() for path in (shelf.app.settings.home / "originals").rglob("*") if path.is_file()]
    assert kept == [raw]
    digest = told["url"].rpartition("/")[2].removesuffix(".webp")
    for path in (f"/originals/{digest[:2]}/{digest}", f"/media/originals/{digest}", f"/media/u/../originals/{digest}"):
        async with shelf.client.get(path) as response:
            assert response.status == 404


async def test_a_small_picture_is_its_own_thumbnail(shelf: Shelf, staff: Staff) -> None:
    _, told = await send(shelf, photo(100, 100), staff["shop1"])
    async with shelf.client.get(sized(told["url"], 400)) as response:
        with Image.open(io.BytesIO(await response.read())) as picture:
            assert picture.size == (100, 100)
    assert sized("/media/demo/x.svg", 400) == "/media/demo/x.svg"


async def test_what_is_no_picture_is_refused(shelf: Shelf, staff: Staff) -> None:
    for raw in (b"<svg onload='alert(1)'/>", b"<?php", b"", b"\xff\xd8\xff" + b"x" * 100, photo(60, 60)[:200]):
        status, told = await send(shelf, raw, staff["shop1"])
        assert status in (415, 422), told
    assert (await send(shelf, photo(60, 60), staff["finance"]))[0] == 403


async def test_what_a_picture_shows_is_told(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    path = f"/api/v1/backoffice/products/{product_id}"
    kept = await shelf.get(path, headers=staff["admin"])
    body = {"alts": {kept["pictures"][0]: "墨色杯身的正面"}}
    async with shelf.client.patch(path, json=body, headers=staff["admin"]) as response:
        assert response.status == 200
    assert 'alt="墨色杯身的正面"' in await shelf.page(f"/products/{product_id}")
