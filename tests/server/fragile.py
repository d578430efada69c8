"""A decoder that some pictures kill. It stands alone because a process that decodes imports it anew."""

from __future__ import annotations

import os
import time

from server.pictures import Picture, encode

DEADLY = b"kills whoever decodes it"


def fragile(raw: bytes) -> Picture | str:
    """Encode like the real one, slowly; die at once of some pictures."""
    if raw.endswith(DEADLY):
        os._exit(1)
    time.sleep(0.3)
    return encode(raw)
