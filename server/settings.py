"""Settings of one process, read from the environment once and validated with messages that say what to do."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

_LEVELS = ("debug", "info", "warning", "error")
CHECKOUT = Path(__file__).resolve().parents[1]


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names the variable and what it takes."""


class Environment(StrEnum):
    """Where the process runs: development may show sandboxes and make demo members, production may not."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs to know before it starts. Durations are seconds."""

    home: Path
    database_url: str
    database_direct_url: str
    redis_url: str
    secret: bytes
    environment: Environment = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = 8080
    base_url: str = "http://127.0.0.1:8080"
    sandboxes: bool = False
    demo: bool = False
    trusted_proxies: tuple[str, ...] = ()
    database_pool: int = 10
    pgbouncer: bool = False
    limits: bool = True
    limit_loopback: bool = True
    log_level: str = "info"
    log_json: bool = False
    metrics_token: str = ""
    realtime_url: str = ""
    """The Redis, or the cluster, that rooms speak over; empty: the one of ``redis_url``."""
    worker: int = 0
    """Number of this web process among several of one machine, from 1; 0 for one that is alone."""
    sockets: Path | None = None
    """Where web processes put their sockets; None is the data folder's ``run``."""
    drain_seconds: int = 10
    """Over how long a web process that stops sends its connected clients elsewhere, at most."""

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach the site over TLS, which decides the cookies' Secure flag."""
        return self.base_url.startswith("https://")


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: ``LINGFENG_HOME``, else ``var`` beside a checkout, else ``~/.lingfeng``."""
    if named := environ.get("LINGFENG_HOME"):
        return Path(named).expanduser().resolve()
    if (CHECKOUT / "setup.cfg").is_file():
        return CHECKOUT / "var"
    return Path.home() / ".lingfeng"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of ``environ``. Raises SettingsError."""
    home = home_folder(environ)
    environment = _choice(environ, "LINGFENG_ENV", Environment, Environment.DEVELOPMENT)
    database_url = _url(environ, "DATABASE_URL", ("postgresql", "postgres"))
    port = _integer(environ, "LINGFENG_PORT", 8080, 0, 65535)
    host = environ.get("LINGFENG_HOST", "127.0.0.1")
    sandboxes = _flag(environ, "LINGFENG_SANDBOXES", False)
    if sandboxes and environment is Environment.PRODUCTION:
        raise SettingsError(
            "LINGFENG_SANDBOXES is on in production: the sandboxes show everybody's log-in codes and pay for orders "
            "without money; leave it out"
        )
    return Settings(
        home=home,
        database_url=database_url,
        database_direct_url=environ.get("DATABASE_DIRECT_URL") or database_url,
        redis_url=_url(environ, "REDIS_URL", ("redis", "rediss", "unix")),
        secret=_secret(environ, home, environment),
        environment=environment,
        host=host,
        port=port,
        base_url=(environ.get("LINGFENG_BASE_URL") or f"http://{host}:{port}").rstrip("/"),
        sandboxes=sandboxes,
        demo=_flag(environ, "LINGFENG_DEMO", False),
        trusted_proxies=_networks(environ, "LINGFENG_TRUSTED_PROXIES"),
        database_pool=_integer(environ, "LINGFENG_DATABASE_POOL", 10, 1, 200),
        pgbouncer=_flag(environ, "LINGFENG_PGBOUNCER", False),
        limits=_flag(environ, "LINGFENG_LIMITS", True),
        limit_loopback=_flag(environ, "LINGFENG_LIMIT_LOOPBACK", True),
        log_level=_level(environ, "LINGFENG_LOG_LEVEL"),
        log_json=_flag(environ, "LINGFENG_LOG_JSON", environment is Environment.PRODUCTION),
        metrics_token=environ.get("LINGFENG_METRICS_TOKEN", ""),
        realtime_url=_url(environ, "LINGFENG_REALTIME_REDIS_URL", ("redis", "rediss", "unix", "redis+cluster"))
        if environ.get("LINGFENG_REALTIME_REDIS_URL")
        else "",
        worker=_integer(environ, "LINGFENG_WORKER", 0, 0, 64),
        sockets=Path(given).expanduser().resolve() if (given := environ.get("LINGFENG_SOCKETS")) else None,
        drain_seconds=_integer(environ, "LINGFENG_DRAIN_SECONDS", 10, 0, 12),
    )


def place_of(url: str) -> str:
    """Return where an engine's address leads, without its user, its password and other options."""
    try:
        parts = urlsplit(url)
        told = parse_qs(parts.query)
    except ValueError:
        return "the address given"
    name = parts.path.lstrip("/")
    if host := told.get("host"):  # a folder of sockets, as libpq writes it
        return f"{parts.scheme}://{host[0]} ({name})" if name else f"{parts.scheme}://{host[0]}"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _flag(environ: Mapping[str, str], name: str, default: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise SettingsError(f"{name}={value!r}: use 1 or 0")


def _integer(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise SettingsError(f"{name}={value!r}: use a whole number from {least} to {most}")
    return int(value)


def _networks(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = tuple(filter(None, environ.get(name, "").replace(" ", "").split(",")))
    for network in given:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise SettingsError(
                f"{name}: {network!r} is no address and no network: use e.g. 127.0.0.1,10.0.0.0/8"
            ) from None
    return given


def _level(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip().lower() or "info"
    if value not in _LEVELS:
        raise SettingsError(f"{name}={value!r}: use one of {', '.join(_LEVELS)}")
    return value


def _choice(environ: Mapping[str, str], name: str, kind: type[Environment], default: Environment) -> Environment:
    value = environ.get(name, "").strip().lower()
    try:
        return kind(value) if value else default
    except ValueError:
        raise SettingsError(f"{name}={value!r}: use one of {', '.join(kind)}") from None


def _url(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(
            f"{name} is not set: give {schemes[0]}://…, or use `lingfeng run`, which brings its own engine"
        )
    if value.partition("://")[0] not in schemes:
        raise SettingsError(f"{name} must begin with {' or '.join(scheme + '://' for scheme in schemes)}")
    return value


def _secret(environ: Mapping[str, str], home: Path, environment: Environment) -> bytes:
    """Return the key that signs tickets and CSRF tokens; in development one is made and kept in the data folder."""
    if given := environ.get("LINGFENG_SECRET"):
        if len(given) < 32:
            raise SettingsError(
                "LINGFENG_SECRET is too short: give at least 32 characters, e.g. `openssl rand -hex 32`"
            )
        return given.encode()
    if environment is Environment.PRODUCTION:
        raise SettingsError("LINGFENG_SECRET is not set: production needs one, e.g. `openssl rand -hex 32`")
    path = home / "secret"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = home / f".secret-{secrets.token_hex(4)}"
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(made, path)  # of several processes that start at once, the first one's key is everybody's
        made.unlink()
    value = path.read_text().strip()
    if len(value) < 32:
        raise SettingsError(f"{path} is damaged: remove it and a new one is made (people will have to log in again)")
    return value.encode()
