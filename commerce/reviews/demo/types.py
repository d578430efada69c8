"""What the demo's reviews and questions are made of. Plain data, as the catalogue's."""

from __future__ import annotations

import msgspec

Part = tuple[str, str, float, float, float, float]
"""(slug, tone, middle of its foot across in %, its foot down in %, its width in %, its turn in degrees)."""


class Photo(msgspec.Struct, frozen=True):
    """A photo: the place, and what is in it, the farthest first."""

    place: str
    parts: tuple[Part, ...]


class Told(msgspec.Struct, frozen=True):
    """A review: stars, text, and what of the specs the line has to have that it speaks of, empty for any.

    ``photos`` are names; ``later`` is what was added a while after, ``reply`` what the shop says. One is with the film.
    """

    stars: int
    text: str
    spec: str = ""
    photos: tuple[str, ...] = ()
    later: str = ""
    reply: str = ""
    film: bool = False


class Asked(msgspec.Struct, frozen=True):
    """A question, the shop's answer (empty: it has not answered), and what buyers say."""

    text: str
    shop: str = ""
    buyers: tuple[str, ...] = ()
