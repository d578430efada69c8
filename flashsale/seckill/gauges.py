"""What operators read of a rush, at /metrics: how much is under way, in which bites, what people were told."""

from __future__ import annotations

from flashsale.gate import Gate
from flashsale.seckill.attempt import Attempts
from flashsale.seckill.tally import Tally
from server.application import Application
from server.observe import Metrics

SEEN_WITHIN = 5.0
"""Seconds for which a journal's length is shown: the worker looks at every live sale twice a second."""


def of_gate(app: Application, gate: Gate) -> None:
    """Show what every process knows of the gate."""
    metrics = app.resource(Metrics)
    metrics.gauge(
        "flashsale_gate_connected",
        "1 while the gate has its connection to Redis; a process that was never asked has none.",
        lambda: float(gate.connected),
    )
    metrics.gauge(
        "flashsale_journal_calls",
        "Script calls whose wins are not all settled, by sale, as this process saw them last.",
        lambda: {(str(item_id),): float(length) for item_id, length in gate.journals(SEEN_WITHIN).items()},
        ("item",),
    )


def of_attempts(app: Application, attempts: Attempts, tally: Tally) -> None:
    """Show what a web process has in hand."""
    metrics = app.resource(Metrics)
    metrics.gauge(
        "flashsale_attempts_open",
        "Attempts that wait for the gate, are in it, have won and wait for PostgreSQL, are being written.",
        lambda: attempts.open,
        ("stage",),
    )
    metrics.counter(
        "flashsale_gate_calls",
        "Calls of the gate by the attempts they carried: up to so many, more than the size before.",
        lambda: attempts.calls,
        ("size",),
    )
    metrics.counter(
        "flashsale_attempts",
        "Attempts by what was told.",
        lambda: {(outcome,): float(count) for outcome, count in tally.told().items()},
        ("outcome",),
    )
