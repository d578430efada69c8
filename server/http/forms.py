"""Forms as browsers post them."""

from __future__ import annotations

import zlib

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDictProxy

from server.errors import BadRequest, TooLarge


async def posted(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """Return the posted form, empty for another content type. Raises TooLarge, BadRequest for one that is malformed.

    aiohttp has many words for it: ValueError for a multipart body without boundary or names, LookupError for an
    unknown charset, zlib.error for a part that does not unpack.
    """
    try:
        return await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise TooLarge from None
    except (HttpProcessingError, web.RequestPayloadError, ValueError, LookupError, RuntimeError, zlib.error):
        raise BadRequest from None
