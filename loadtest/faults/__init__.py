"""Faults: a rush is on, a part of the platform is killed, wiped or stopped, and afterwards the books are held
against what the buyers saw. Everything is seeded; everything happens on this machine."""
