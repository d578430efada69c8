"""Failures that people are told about: each a class with a stable code, a status, and a message in both languages.

Messages are written in zh_CN, which is also the key of their translation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Problem(Exception):
    """A refusal with an answer. Subclass it for each business failure; never raise it bare.

    ``field`` names the input at fault, ``details`` is any JSON value, ``values`` fill the message's ``{names}``.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    message: ClassVar[str] = "服务出错了，请稍后再试"
    shown: ClassVar[str] = ""
    """What a page says instead, where the message is for programs."""

    def __init__(self, *, field: str | None = None, details: Any = None, **values: object) -> None:
        super().__init__(self.code)
        self.field = field
        self.details = details
        self.values = values
        self.headers: dict[str, str] = {}

    def told(self, tr: Callable[[str], str]) -> str:
        """Return the message as ``tr`` says it, its places filled."""
        return tr(self.message).format_map(_Lenient(self._filled(tr)))

    def shown_as(self, tr: Callable[[str], str]) -> str:
        """Return what a page says, in the language of ``tr``."""
        return tr(self.shown) if self.shown else self.told(tr)

    def _filled(self, tr: Callable[[str], str]) -> dict[str, object]:
        return {name: tr(value) if isinstance(value, str) else value for name, value in self.values.items()}


class _Lenient(dict[str, object]):
    """Leaves a place that nothing fills as it stands: a refusal must not fail on its own words."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class BadRequest(Problem):
    """The request cannot be read."""

    code, status, message = "bad_request", 400, "请求格式不对"


class BadJson(BadRequest):
    """The body is not JSON."""

    code, message = "bad_json", "请求内容不是有效的 JSON"


class Unauthenticated(Problem):
    """Nobody is logged in."""

    code, status, message = "unauthenticated", 401, "请先登录"


class TokenExpired(Unauthenticated):
    """The token was good once."""

    code, message = "token_expired", "登录已过期，请重新登录"


class Forbidden(Problem):
    """The person is known and has no right to this."""

    code, status, message = "forbidden", 403, "没有权限这样做"


class CsrfFailed(Forbidden):
    """A browser's request came without the token of its page."""

    code, message = "csrf_failed", "页面已过期，请刷新后再试"
    shown = "刚才的没有提交，再填一次即可。"


class NotFound(Problem):
    """There is no such thing, or it belongs to somebody else."""

    code, status, message = "not_found", 404, "没有找到"


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    code, status, message = "method_not_allowed", 405, "这个地址不支持该方法"


class Conflict(Problem):
    """The state of the thing does not allow it."""

    code, status, message = "conflict", 409, "当前状态不能这样操作"


class TooLarge(Problem):
    """The body is larger than the route takes."""

    code, status, message = "too_large", 413, "提交的内容过大"


class UnsupportedMedia(Problem):
    """The body's type is not the route's."""

    code, status, message = "unsupported_media_type", 415, "不支持这种内容类型"


class Invalid(Problem):
    """An input is wrong; ``field`` says which, ``reason`` says why."""

    code, status, message = "invalid", 422, "填写有误：{reason}"

    def __init__(self, field: str, reason: str = "不符合要求", *, details: Any = None, **values: object) -> None:
        super().__init__(field=field or None, details=details, reason=reason, **values)

    def reason(self, tr: Callable[[str], str]) -> str:
        """Return why, as ``tr`` says it: what stands beside the field."""
        return str(self._filled(tr)["reason"])

    def _filled(self, tr: Callable[[str], str]) -> dict[str, object]:
        values = super()._filled(tr)
        return values | {"reason": str(values["reason"]).format_map(_Lenient(values))}


class IdempotencyMismatch(Problem):
    """The key was used for something else."""

    code, status, message = "idempotency_mismatch", 422, "同一个幂等键已用于另一个请求"

    def __init__(self) -> None:
        super().__init__(field="Idempotency-Key")


class RateLimited(Problem):
    """Too many of these; again after ``retry_after`` seconds."""

    code, status, message = "rate_limited", 429, "操作太频繁，请 {seconds} 秒后再试"

    def __init__(self, retry_after: int) -> None:
        super().__init__(seconds=retry_after)
        self.headers["Retry-After"] = str(retry_after)


class Unavailable(Problem):
    """A dependency is down or load is shed: the outcome is unknown, ask again with the same key."""

    code, status, message = "unavailable", 503, "系统繁忙，请稍后用同一请求重试"
    shown = "系统正忙，请过一会儿再试。"

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.headers["Retry-After"] = str(retry_after)


class Internal(Problem):
    """A defect of ours: it is logged with its cause, and people are told no more than this."""
