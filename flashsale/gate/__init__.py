"""The gate: the Lua scripts of the purchase path, and the one module that calls them."""

from flashsale.gate.batch import Batcher
from flashsale.gate.gate import BATCH, Gate
from flashsale.gate.link import Endpoint, Finder
from flashsale.gate.types import (
    Attempt,
    Change,
    Decision,
    Figures,
    GateUnavailable,
    Hold,
    JournalEntry,
    Outcome,
    Release,
    Released,
    Reservation,
    Rewin,
    SaleState,
    Snapshot,
    Terms,
)

__all__ = [
    "BATCH",
    "Attempt",
    "Batcher",
    "Change",
    "Decision",
    "Endpoint",
    "Figures",
    "Finder",
    "Gate",
    "GateUnavailable",
    "Hold",
    "JournalEntry",
    "Outcome",
    "Release",
    "Released",
    "Reservation",
    "Rewin",
    "SaleState",
    "Snapshot",
    "Terms",
]
