"""The log-in providers, each in a module of its own."""
