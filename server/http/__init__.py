"""HTTP: typed routes, calls, sessions, idempotency, limits, pages."""

from server.http.access import ANY_STAFF, Access, Anyone, LoggedIn, StaffWith
from server.http.bodies import Body, Id, Instant, Listing, Paging, Reply, View
from server.http.call import Call
from server.http.routes import Route, Routes
from server.http.session import Identity, Kind

__all__ = [
    "ANY_STAFF",
    "Access",
    "Anyone",
    "Body",
    "Call",
    "Id",
    "Identity",
    "Instant",
    "Kind",
    "Listing",
    "LoggedIn",
    "Paging",
    "Reply",
    "Route",
    "Routes",
    "StaffWith",
    "View",
]
