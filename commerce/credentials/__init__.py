"""What logging in stands on, for members and staff alike: password hashes, counted tries, safe ways back."""

from commerce.credentials.passwords import (
    OldPasswordWrong,
    check_password,
    hash_password,
    hold_strength,
    new_password,
)
from commerce.credentials.tries import TooManyTries, clear_tries, count_try
from commerce.credentials.ways import local_path

__all__ = [
    "OldPasswordWrong",
    "TooManyTries",
    "check_password",
    "clear_tries",
    "count_try",
    "hash_password",
    "hold_strength",
    "local_path",
    "new_password",
]
