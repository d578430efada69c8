"""Behaviour: what visitors and members who agreed do in the shop, as one typed log with bounded memory."""

from commerce.behaviour.log import Log, note, record
from commerce.behaviour.privacy_store import personalised
from commerce.behaviour.types import (
    Choice,
    Clicked,
    Dismissed,
    Favoured,
    Happening,
    Ordered,
    Paid,
    Searched,
    Shelf,
    Shown,
    Source,
    Viewed,
    Visit,
)
from commerce.behaviour.visit import visit_of

__all__ = [
    "Choice",
    "Clicked",
    "Dismissed",
    "Favoured",
    "Happening",
    "Log",
    "Ordered",
    "Paid",
    "Searched",
    "Shelf",
    "Shown",
    "Source",
    "Viewed",
    "Visit",
    "note",
    "personalised",
    "record",
    "visit_of",
]
