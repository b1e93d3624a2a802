"""Whose turn it is, among threads that want to do one thing at a time.

Each kind of caller has places of its own to wait, and kinds take turns. Within a kind, who had the
fewest turns in the last minute comes first, and pushes out whoever had most: many
tries, from however many addresses, do not keep away who tries once.
"""

import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass

WINDOW_SECONDS = 60


class NoTurn(Exception):
    """All places are taken by who comes first, or the turn did not come in time."""


@dataclass(eq=False)
class _Waiter:
    kind: str
    who: str
    has_turn: bool = False
    is_refused: bool = False


class Turns:
    """``places`` are how many of each kind may wait."""

    def __init__(self, places, clock=time.monotonic):
        self._places, self._clock = places, clock
        self._changed = threading.Condition()
        self._waiting = []  # who waits longest comes first
        self._had = deque()  # when, and who
        self._at_work = self._last_kind = None

    @contextmanager
    def turn(self, kind, who, *, timeout):
        """Raises NoTurn after ``timeout`` seconds, or at once."""
        me = _Waiter(kind, who)
        with self._changed:
            self._enter(me)
            self._changed.wait_for(lambda: me.has_turn or me.is_refused, timeout)
            if not me.has_turn:
                if not me.is_refused:
                    self._waiting.remove(me)
                raise NoTurn
        try:
            yield
        finally:
            with self._changed:
                self._at_work = None
                self._begin_next()

    def _enter(self, me):
        rivals = [each for each in self._waiting if each.kind == me.kind]
        if len(rivals) >= self._places[me.kind]:
            last = max(reversed(rivals), key=self._turns_before)
            if self._turns_before(last) <= self._turns_before(me):
                raise NoTurn
            self._waiting.remove(last)
            last.is_refused = True
        self._waiting.append(me)
        if self._at_work is None:
            self._begin_next()
        self._changed.notify_all()

    def _begin_next(self):
        if not self._waiting:
            return
        self._at_work = me = min(self._waiting, key=self._rank)
        self._waiting.remove(me)
        self._had.append((self._clock(), me.who))
        self._last_kind = me.kind
        me.has_turn = True
        self._changed.notify_all()

    def _rank(self, waiter):
        return waiter.kind == self._last_kind, self._turns_before(waiter)

    def _turns_before(self, waiter):
        """How many turns this caller had in the last minute, or waits for since before."""
        oldest = self._clock() - WINDOW_SECONDS
        while self._had and self._had[0][0] < oldest:
            self._had.popleft()
        had = sum(who == waiter.who for _moment, who in self._had)
        for each in self._waiting:
            if each is waiter:
                break
            had += each.who == waiter.who
        return had
