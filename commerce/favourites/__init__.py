"""Favourites: products that members keep an eye on, with word when they cost less, and footprints of what they saw."""
