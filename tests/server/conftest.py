"""What the tests of the ground floor share."""

from __future__ import annotations

from tests.server.bare import bare

__all__ = ["bare"]
