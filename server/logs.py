"""Logs without secrets: structlog's, one line an event, JSON or for a console."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec
import structlog

from server.settings import Settings

_SECRET = re.compile(r"token|secret|passw|authorization|cookie|csrf|otp|captcha|signature|private|credential", re.I)
_DIGIT_CODES = frozenset({"code", "answer", "text"})
_HIDDEN = "•••"
_OURS = frozenset({"timestamp", "level", "logger", "request_id", "route", "method", "status", "ms", "address"})
# Each takes time in proportion to the text, whatever the text: strangers write parts of it, and the loop waits.
_IN_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 " + _HIDDEN),
    (
        re.compile(
            r"(?i)((?:token|secret|passw(?:or)?d|otp|sign)[\w-]{0,40}[\"']?\s{0,8}[=:]\s{0,8}[\"']?)[^\s\"'&,;)}]+"
        ),
        r"\1" + _HIDDEN,
    ),
    (re.compile(r"(?<!\w)(\w+://[^\s:/@]{0,200}):[^\s@/]{1,200}@"), r"\1:" + _HIDDEN + "@"),
    (re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@([\w-]+\.[\w.]+)"), _HIDDEN + r"@\1"),
)


def mask(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets, codes, phone numbers and mail addresses out of a log line, in whatever depth."""
    for name, value in event.items():
        if name not in _OURS:
            event[name] = _masked(name, value)
    return event


def _masked(name: str, value: Any, depth: int = 0) -> Any:
    if _SECRET.search(name):
        return _HIDDEN
    if isinstance(value, str):
        if name in _DIGIT_CODES and value.isdigit():
            return _HIDDEN
        for pattern, instead in _IN_TEXT:
            value = pattern.sub(instead, value)
        return value
    if depth > 4:
        return _HIDDEN
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(name, inner, depth + 1) for inner in value]
    return value


def configure(settings: Settings, stream: Any = None) -> None:
    """Send every log line of the process, other libraries' too, to ``stream`` (standard output)."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Plain tracebacks: a rich one prints local variables, and with them every secret in reach.
    ends: list[Any] = [structlog.processors.format_exc_info, mask]
    if settings.log_json:
        ends.append(structlog.processors.JSONRenderer(serializer=_json))
    else:
        colours = bool(getattr(stream or sys.stdout, "isatty", lambda: False)())
        ends.append(structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ends],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("asyncio", "PIL", "aiohttp.access"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _json(value: Any, **_: Any) -> str:
    return msgspec.json.encode(value, enc_hook=repr).decode()
