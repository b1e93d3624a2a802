"""Passwords are hashed one at a time in each process.

A hash takes a third of a second of processor time on purpose: tries at passwords would otherwise
take the processors from everybody else.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tenants.accounts.attempts import network
from tenants.operations.operation import client_address
from tenants.operations.refusals import Busy
from tenants.operations.turns import NoTurn, Turns

MAX_WAIT_SECONDS = 3
RETRY_SECONDS = 5
# Besides the one at work: six of the eight threads of a process at most, of strangers four.
MAX_WAITING = {"stranger": 3, "known": 2}
_turns = Turns(MAX_WAITING)
_kind = ContextVar("kind", default="stranger")


class HashingBusy(Busy):
    code = "hashing_busy"
    title = "Too many people sign in at this moment; try again in a few seconds"


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own, but one at a time, in fair turns. Who has no place to wait, or waits too long,
    is refused with HashingBusy."""

    def encode(self, password, salt, iterations=None):
        who = network(client_address.get())
        try:
            with _turns.turn(_kind.get(), who, timeout=MAX_WAIT_SECONDS):
                return super().encode(password, salt, iterations)
        except NoTurn as error:
            raise HashingBusy(retry_after_seconds=RETRY_SECONDS) from error


@contextmanager
def of_known(is_known=True):
    """Within it passwords are hashed for somebody who is signed in, or whose browser or tablet is
    known: strangers take no place from them."""
    token = _kind.set("known" if is_known else "stranger")
    try:
        yield
    finally:
        _kind.reset(token)
