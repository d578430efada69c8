"""Captchas: a picture of five letters, and a count of wrong answers."""

from __future__ import annotations

import asyncio
import base64
import io
import random
import secrets
from collections import OrderedDict
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from server.redis import DOWN, Redis

LETTERS = "ACDEFHJKMNPRTUVWXY34679"
LENGTH = 5
TRIES = 5
"""Wrong answers that one ticket's captcha bears."""
_SIZE = (160, 56)
_ROOM = 20_000
_drawing = asyncio.Semaphore(2)


def word() -> str:
    """Return what a new picture is to show."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


async def picture(text: str) -> str:
    """Return a picture of ``text`` as a data: address; drawn in a thread, two at once at most."""
    async with _drawing:
        png = await asyncio.to_thread(draw, text)
    return "data:image/png;base64," + base64.b64encode(png).decode()


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def draw(text: str) -> bytes:
    """Return a PNG of ``text``, each letter turned, shifted and crossed by lines."""
    chance = random.SystemRandom()
    image = Image.new("RGB", _SIZE, (246, 244, 240))
    for at, letter in enumerate(text):
        glyph = Image.new("L", (40, 48), 0)
        ImageDraw.Draw(glyph).text((8, 2), letter, font=_font(chance.choice((32, 34, 36))), fill=255)
        glyph = glyph.rotate(chance.uniform(-28, 28), resample=Image.Resampling.BICUBIC)
        colour = tuple(chance.randrange(20, 130) for _ in range(3))
        image.paste(
            Image.new("RGB", glyph.size, colour), (at * 29 + chance.randrange(0, 6), chance.randrange(-2, 10)), glyph
        )
    pen = ImageDraw.Draw(image)
    for _ in range(4):
        ends = [(chance.randrange(_SIZE[0]), chance.randrange(_SIZE[1])) for _ in range(2)]
        pen.line(ends, fill=tuple(chance.randrange(60, 160) for _ in range(3)), width=chance.choice((1, 2)))
    for _ in range(160):
        pen.point((chance.randrange(_SIZE[0]), chance.randrange(_SIZE[1])), fill=(120, 120, 120))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class Tries:
    """Counts wrong answers by ticket: in this process, and through Redis with the others while it can be reached."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._wrong: OrderedDict[bytes, int] = OrderedDict()

    def spent(self, nonce: bytes) -> bool:
        """Tell whether this process knows that the ticket's tries are used up."""
        return self._wrong.get(nonce, 0) >= TRIES

    async def wrong(self, nonce: bytes) -> None:
        """Count a wrong answer."""
        count = self._wrong.get(nonce, 0) + 1
        key = "lf:captcha:" + nonce.hex()
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, 7200)
                count = max(count, int((await pipe.execute())[0]))
        except DOWN:
            pass  # counted here alone: a process more is five guesses more out of six million
        self._wrong[nonce] = count
        self._wrong.move_to_end(nonce)
        if len(self._wrong) > _ROOM:
            self._wrong.popitem(last=False)
