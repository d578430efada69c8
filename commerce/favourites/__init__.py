"""Favourites: products that members keep an eye on, with word when they cost less or are there again, and footprints
of what they saw."""
