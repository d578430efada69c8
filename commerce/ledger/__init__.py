"""The ledger: every movement of money, double entry, append-only, summing to zero.

An entry's amount is positive where an account gained (debit), negative where it gave (credit).
"""

from commerce.ledger import accounts
from commerce.ledger.check import check
from commerce.ledger.post import PostedDifferently, Unbalanced, post
from commerce.ledger.store import balances
from commerce.ledger.types import Balance, Entry, Posting

__all__ = ["Balance", "Entry", "PostedDifferently", "Posting", "Unbalanced", "accounts", "balances", "check", "post"]
