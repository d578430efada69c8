"""How good recommendations are: a made-up world whose people have tastes, and orders that were held back."""
