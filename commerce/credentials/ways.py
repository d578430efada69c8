"""Where to go after logging in."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_path(given: str, default: str) -> str:
    """Return ``given`` if it is a path of this site, else ``default``: a log-in page must not lead elsewhere.

    Browsers read ``//host`` and ``/\\host`` as another site, and drop tabs and newlines before they look.
    """
    if not given.startswith("/") or given.startswith(("//", "/\\")) or len(given) > 2000 or "\\" in given:
        return default
    if any(sign <= " " or sign == "\x7f" for sign in given):
        return default
    try:
        parts = urlsplit(given)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else given
