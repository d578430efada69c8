"""Reviews and questions: what buyers say of a product, what the shop replies, and who looks at what may not stand."""
