"""Passwords are hashed one at a time in each process.

A hash takes a third of a second of processor time on purpose: tries at passwords would otherwise
take the processors from everybody else.
"""

import threading

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tenants.operations.refusals import Busy

MAX_WAIT_SECONDS = 3
RETRY_SECONDS = 5
_lock = threading.Lock()


class HashingBusy(Busy):
    code = "hashing_busy"
    title = "Too many people sign in at this moment; try again in a few seconds"


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own, but one at a time; whoever waits too long is refused with HashingBusy."""

    def encode(self, password, salt, iterations=None):
        if not _lock.acquire(timeout=MAX_WAIT_SECONDS):
            raise HashingBusy(retry_after_seconds=RETRY_SECONDS)
        try:
            return super().encode(password, salt, iterations)
        finally:
            _lock.release()
