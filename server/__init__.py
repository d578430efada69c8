"""The ground floor: settings, engines, database, redis, http, sessions, templates, jobs, events, CLI."""

__version__ = "0.1.0"
