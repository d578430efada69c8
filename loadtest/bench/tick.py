"""What is said in the room of the benches: five comments of a live room in one event, 250 to 300 bytes as a frame."""

from __future__ import annotations

from typing import Any

KEY = 7
ROOM = f"live:{KEY}"
EVENT, SINGLE = "tick", "event"
"""What carries all of a tick, and what travels alone."""
COMMENTS = (
    ("小鱼儿", "主播这个颜色还有货吗"),
    ("阿May", "已经下单了，今天能发吗"),
    ("老李在上海", "第三件讲一下尺码"),
    ("用户88", "上次买的很好"),
    ("糖糖", "优惠券怎么领"),
)
FIRST = 1_000_000_000
"""The number of the first tick; all have as many digits, so that their frames are of one length."""


def tick(number: int) -> dict[str, Any]:
    """Return the argument of the event with this number."""
    return {"ts": number, "comments": [{"u": name, "t": text} for name, text in COMMENTS]}
