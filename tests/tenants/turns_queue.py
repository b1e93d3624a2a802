"""Threads that wait for their turn."""

import threading

from tenants.operations.turns import NoTurn

SECONDS = 10  # at most; nothing takes as long


class Queue:
    """Each thread that ``wait`` begins has its turn, or waits for it, once that returns."""

    def __init__(self, turns):
        self.turns, self.had, self.refused = turns, [], []
        self._may_end, self._threads = threading.Event(), []

    def wait(self, kind, *names, times=1):
        for name in names * times:
            thread = threading.Thread(target=self._take, args=[kind, name])
            self._threads.append(thread)
            thread.start()
            self._settle()

    def go_on(self):
        """Let all have their turns; returns who had one, in order."""
        self._may_end.set()
        for thread in self._threads:
            thread.join(SECONDS)
        return self.had

    def _take(self, kind, name):
        try:
            with self.turns.turn(kind, name, timeout=SECONDS):
                self._note(self.had, name)
                assert self._may_end.wait(SECONDS)
        except NoTurn:
            self._note(self.refused, name)

    def _note(self, names, name):
        with self.turns._changed:
            names.append(name)
            self.turns._changed.notify_all()

    def _settle(self):
        def is_settled():
            waiting = len(self.turns._waiting)
            return len(self.had) + waiting + len(self.refused) == len(self._threads)

        with self.turns._changed:
            assert self.turns._changed.wait_for(is_settled, SECONDS)
