"""Simulated third parties: on in `lingfeng run`, off everywhere else, gathered on /sandbox."""
