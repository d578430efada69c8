"""Credentials, assembled."""

from __future__ import annotations

from commerce.courier import Couriers
from commerce.credentials.tries import tidy
from server.application import Application
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register the schedule, and the list of couriers that providers join."""
    app.provide(Couriers, Couriers())
    app.schedule(Schedule(name="credentials.tidy", every=3600, run=tidy))
