"""What the tests of merchandising share: the catalogue's shelf and its staff."""

from __future__ import annotations

from tests.commerce.catalogue.conftest import Shelf, shelf, staff

__all__ = ["Shelf", "shelf", "staff"]
