"""Pictures from strangers: never trusted, always decoded and encoded anew.

What comes out has no metadata, no second file hidden behind the first, and bounds in bytes and pixels. Decoding runs in
a small pool of processes, so that a picture that breaks the decoder breaks a child and a slow one stops no request.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from server.errors import Problem, TooLarge, Unavailable, UnsupportedMedia

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 2048
"""Pixels; larger pictures are made smaller."""
THUMBNAILS = (160, 400, 800)
"""Pixels of the longest side of the smaller copies; none is made where the picture itself is no larger."""
DECODE_WITHIN = 15.0
"""Seconds."""
START_WITHIN = 30.0
"""Seconds in which a process has to be there."""
PROCESSES = 2
ADDRESS = "/media/u/"
"""Where encoded pictures are served (server/uploads.py)."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")


class PictureTooLarge(TooLarge):
    """More bytes or pixels than a picture needs."""

    code, message = "picture_too_large", "图片过大：最大 8 MB、4000 万像素"


class NotAPicture(UnsupportedMedia):
    """The bytes are no JPEG, PNG, WebP or GIF, whatever their name says."""

    code, message = "not_a_picture", "只支持 JPEG、PNG、WebP、GIF 图片"


class PictureBroken(Problem):
    """The picture begins well and cannot be decoded."""

    code, status, message = "picture_broken", 422, "图片已损坏，无法读取"


class Picture(msgspec.Struct, frozen=True):
    """A picture as encoded by us; ``smaller`` are its thumbnails with their longest sides."""

    body: bytes
    width: int
    height: int
    media_type: str = "image/webp"
    smaller: tuple[tuple[int, bytes], ...] = ()


class Encoders:
    """The processes that decode pictures; started when first needed, replaced when one dies.

    A pool whose process dies fails whatever was in it, and does not say which picture was to blame. Each of them is
    tried once more by itself: only the one that also breaks a process of its own is refused.
    """

    def __init__(self, work: Callable[[bytes], Picture | str] | None = None) -> None:
        self._work = work or encode
        self._pool: ProcessPoolExecutor | None = None
        self._room = asyncio.Semaphore(8)
        # No more in the pool than it has processes: the time that a picture has does not run while it queues.
        self._turns = asyncio.Semaphore(PROCESSES)
        self._starting, self._alone = asyncio.Lock(), asyncio.Lock()

    async def encode(self, raw: bytes) -> Picture:
        """Return ``raw`` encoded anew. Raises NotAPicture, PictureTooLarge, PictureBroken, Unavailable."""
        if not raw.startswith(_SIGNATURES):
            raise NotAPicture
        if self._room.locked():
            raise Unavailable(2)
        async with self._room:
            try:
                async with self._turns:
                    result = await self._together(raw)
            except BrokenProcessPool:
                async with self._alone:
                    result = await self._apart(raw)
        if isinstance(result, Picture):
            return result
        raise {"large": PictureTooLarge, "format": NotAPicture}.get(result, PictureBroken)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._drop(self._pool)

    async def _together(self, raw: bytes) -> Picture | str:
        """Work in the pool that all share. Raises BrokenProcessPool when any picture in it broke it."""
        async with self._starting:
            if self._pool is None:
                self._pool = await asyncio.to_thread(_started, PROCESSES)
            pool = self._pool
        try:
            return await self._run(pool, raw)
        except BrokenProcessPool:
            self._drop(pool)
            raise
        except TimeoutError:
            self._drop(pool)
            raise PictureBroken from None

    async def _apart(self, raw: bytes) -> Picture | str:
        """Work in a process that nobody else uses: whoever breaks this one is to blame."""
        pool = await asyncio.to_thread(_started, 1)
        try:
            return await self._run(pool, raw)
        except (BrokenProcessPool, TimeoutError):
            raise PictureBroken from None
        finally:
            _end(pool)

    async def _run(self, pool: ProcessPoolExecutor, raw: bytes) -> Picture | str:
        async with asyncio.timeout(DECODE_WITHIN):
            return await asyncio.get_running_loop().run_in_executor(pool, self._work, raw)

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        _end(pool)


# Each process of a pool runs the main program's module once more, though it has it from the one that it is a fork of.
warnings.filterwarnings("ignore", r"'[\w.]+' found in sys\.modules", RuntimeWarning, "runpy")


def _started(processes: int) -> ProcessPoolExecutor:
    """Return a pool whose processes are forks of one that holds everything, so that a new one is there at once.

    Without it each would import the main program (a second and 60 MB), as multiprocessing has them do. The first time
    blocks for as long as that takes. Raises Unavailable.
    """
    context = multiprocessing.get_context("forkserver")
    program = getattr(sys.modules["__main__"], "__spec__", None)
    context.set_forkserver_preload([__name__, *([program.name] if program is not None else [])])
    pool = ProcessPoolExecutor(processes, context, max_tasks_per_child=200)
    try:
        pool.submit(int).result(START_WITHIN)  # the pool itself would wait where it is given its first work
    except (BrokenProcessPool, OSError, TimeoutError):
        _end(pool)
        raise Unavailable(2) from None
    return pool


def _end(pool: ProcessPoolExecutor) -> None:
    """Give up a pool with whatever its processes are stuck in.

    What they were at fails as in a pool that broke by itself. Nothing is cancelled: a task that waits for one would
    take it for its own cancellation.
    """
    for process in list((pool._processes or {}).values()):
        process.kill()  # shutdown() alone waits for a decoder that never ends
    pool.shutdown(wait=False)


def sized(address: str, side: int) -> str:
    """Return the address of a picture's thumbnail, ``side`` one of THUMBNAILS; other pictures than uploads have none.

    A picture no larger than that is served whole under it. What seals an address seals its thumbnails'.
    """
    path, mark, seal = address.partition("?")
    if not path.startswith(ADDRESS) or not path.endswith(".webp"):
        return address
    return f"{path[:-5]}-{side}.webp{mark}{seal}"


def encode(raw: bytes) -> Picture | str:
    """Return ``raw`` as WebP without metadata, turned upright, or why not: ``format``, ``large``, ``broken``."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return "large"
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than needed
                upright = ImageOps.exif_transpose(picture)
                clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
                flat = upright.convert("RGBA" if clear else "RGB")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
            return "large"
        except UnidentifiedImageError:
            return "format"
        except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, ArithmeticError):
            return "broken"  # what Pillow's decoders raise on bytes that lie
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    clean = Image.new(flat.mode, flat.size)
    clean.paste(flat)  # carries pixels and nothing else
    smaller = []
    for side in reversed(THUMBNAILS):
        if max(clean.size) > side:
            flat.thumbnail((side, side), Image.Resampling.LANCZOS)  # each out of the one before
            small = Image.new(flat.mode, flat.size)
            small.paste(flat)
            smaller.append((side, _webp(small)))
    return Picture(_webp(clean), clean.width, clean.height, smaller=tuple(smaller))


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    return out.getvalue()
