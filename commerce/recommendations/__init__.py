"""Recommendations: what somebody may like, what is near a product, what is bought with it, and why."""
