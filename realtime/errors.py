"""Why a connection or an event is refused. The codes are part of the protocol."""

from __future__ import annotations

from server.errors import Problem


class UnknownNamespace(Problem):
    """No feature speaks on this namespace."""

    code, status, message = "unknown_namespace", 404, "没有这个命名空间"


class TokenInvalid(Problem):
    """The connection token is missing, forged, used or expired, or its session has ended."""

    code, status, message = "token_invalid", 401, "连接令牌无效，请重新获取"


class TooManyConnections(Problem):
    """Somebody has more connections open than a person needs."""

    code, status, message = "too_many_connections", 429, "打开的连接太多"


class UnknownEvent(Problem):
    """No feature listens to this event."""

    code, status, message = "unknown_event", 404, "没有这个事件"


class TooManyRooms(Problem):
    """A socket has joined more rooms than a page shows."""

    code, status, message = "too_many_rooms", 429, "关注的房间太多"
