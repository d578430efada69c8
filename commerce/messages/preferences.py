"""What members choose: by which ways, in which hours, which kinds not at all."""

from __future__ import annotations

from commerce.messages import store
from commerce.messages.kinds import Messages
from commerce.messages.types import LOCKED, Category, Preferences, PreferencesView, SwitchView, Way
from server.database import Connection
from server.errors import Invalid
from server.i18n import Translator


async def choose(messages: Messages, connection: Connection, member_id: int, chosen: Preferences) -> None:
    """Keep what a member chose. Raises Invalid for what cannot be switched off, an unknown kind, no hours."""
    for category, way in sorted(LOCKED):
        if not getattr(getattr(chosen.channels, category), way):
            raise Invalid(f"channels.{category}.{way}", "这类消息不能关")
    known = {kind.code for kind in messages.switches}
    if set(chosen.muted) - known:
        raise Invalid("muted", "没有这种消息")
    if chosen.quiet.on and chosen.quiet.start == chosen.quiet.end:
        raise Invalid("quiet.end", "开始和结束一样，就没有不打扰的时间；不想要就把它关掉")
    await store.set_preferences(connection, member_id, chosen)


def preferences_view(messages: Messages, tr: Translator, chosen: Preferences) -> PreferencesView:
    """Return what a member chose, and could, for the wire."""
    return PreferencesView(
        channels=chosen.channels,
        muted=sorted(chosen.muted),
        quiet=chosen.quiet,
        language=chosen.language,
        locked=[f"{category}.{way}" for category in Category for way in Way if (category, way) in LOCKED],
        kinds=[
            SwitchView(code=kind.code, category=kind.category, name=tr(kind.switch), on=kind.code not in chosen.muted)
            for kind in messages.switches
        ],
    )
