"""Passwords are hashed one at a time in each process.

A hash takes a third of a second of processor time on purpose: tries at passwords would otherwise
take the processors from everybody else.
"""

import threading
from contextlib import contextmanager

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tenants.operations.refusals import Busy

MAX_WAIT_SECONDS = 3
MAX_AT_ONCE = 4  # one at work and those who wait: half of the threads of a process
RETRY_SECONDS = 5
_places = threading.BoundedSemaphore(MAX_AT_ONCE)
_lock = threading.Lock()


class HashingBusy(Busy):
    code = "hashing_busy"
    title = "Too many people sign in at this moment; try again in a few seconds"


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own, but one at a time. Who finds too many waiting, or waits too long, is refused
    with HashingBusy."""

    def encode(self, password, salt, iterations=None):
        with _acquired(_places, timeout=0), _acquired(_lock, timeout=MAX_WAIT_SECONDS):
            return super().encode(password, salt, iterations)


@contextmanager
def _acquired(lock, *, timeout):
    if not lock.acquire(timeout=timeout):
        raise HashingBusy(retry_after_seconds=RETRY_SECONDS)
    try:
        yield
    finally:
        lock.release()
