"""Search: what lists, searches and suggestions are answered from, and the pages that show them."""
