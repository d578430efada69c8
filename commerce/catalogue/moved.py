"""Where a category or a brand is now whose address is an old one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from server.database import Connection


async def moved(connection: Connection, kind: Literal["category", "brand"], slugs: Sequence[str]) -> dict[str, str]:
    """Return the present slugs of those that are old ones; whatever is no old one is left out."""
    rows = await connection.fetch(
        """
        SELECT o.slug, coalesce(c.slug, b.slug) AS now
        FROM old_slugs AS o
        LEFT JOIN categories AS c ON o.kind = 'category' AND c.id = o.target_id
        LEFT JOIN brands AS b ON o.kind = 'brand' AND b.id = o.target_id
        WHERE o.kind = $1 AND o.slug = ANY ($2::text[]) AND coalesce(c.slug, b.slug) IS NOT NULL
        """,
        kind,
        list(slugs),
    )
    return {row["slug"]: row["now"] for row in rows}
