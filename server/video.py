"""What a file has to be to be shown as a video: MP4 or WebM from its first byte to its last, in a coding that browsers
play. Nothing is decoded or encoded anew, so its container is walked whole and what no player needs is wiped: padding
in which something else may hide, and what a phone writes down about where it was.
"""

from __future__ import annotations

import msgspec

MOST_MILLISECONDS = 180_000
MOST_PARTS = 100_000
"""Boxes or elements that a video may consist of in all: it is walked by the hand of one thread."""


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """A video as it is kept; ``milliseconds`` is 0 where its container does not say how long it lasts."""

    body: bytes
    suffix: str
    milliseconds: int


class Looked(bytearray):
    """The bytes of a video that is looked through."""

    parts: int = 0

    def another(self) -> None:
        """Count one more part that was looked at. Raises Refused where there are too many of them."""
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Refused(TOO_MANY)


class Refused(Exception):
    """It is no video that is shown; the reason is a msgid."""


NO_VIDEO = "只支持 MP4 和 WebM 视频"
BROKEN = "视频不完整，或者后面还接着别的东西"
NO_PICTURE = "里面没有画面"
TOO_LONG = "视频最长 3 分钟"
TOO_MANY = "视频由太多小块组成，换个软件导出再传"
CODING = "这种编码浏览器放不了，请转成 H.264、VP9 或 AV1，声音用 AAC 或 Opus"


def hold_length(milliseconds: float) -> int:
    """Return a length in whole milliseconds. Raises Refused for one that is too long or no length at all."""
    if not 0 <= milliseconds <= MOST_MILLISECONDS:
        raise Refused(TOO_LONG)
    return int(milliseconds)
