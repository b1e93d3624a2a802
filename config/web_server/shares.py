"""Which request gets a thread next: no farm has all of them while another waits."""

import threading
import time
from collections import deque
from itertools import count

MAX_WAITING = 100  # requests of one farm
LONGEST_WAIT_SECONDS = 20
# A process runs Python in one thread at a time: more threads at once only cost switches between
# them. A request that takes longer is taken to wait for the database, and doesn't count.
RUNNING_THREADS, RUNNING_SECONDS = 2, 0.05
# Before each part of a long answer, as 500 rows of an export, others go first: at most so long.
GIVE_WAY_SECONDS, LOOK_SECONDS = 0.05, 0.001


class TooManyWaiting(Exception):
    pass


class _Farm:
    """Requests of one farm: how many have a thread, and those that wait, by whether they are long;
    each with its number."""

    def __init__(self):
        self.running = {True: 0, False: 0}
        self.waiting = {True: deque(), False: deque()}

    @property
    def threads(self):
        return self.running[True] + self.running[False]

    @property
    def is_gone(self):
        return not self.threads and not any(self.waiting.values())


class Shares:
    """Hands out requests to threads; any thread may call it.

    The farm with the fewest threads comes first, so that one that has half of them gets no more
    while another waits. Alone it gets all but one; all, where there is no other farm. Long requests
    have ``long_threads`` together, shared in the same way; of the others no more than
    ``running_threads`` run that began just now. A request has the attributes ``farm`` ("" is for
    hosts of no farm) and ``is_long``.
    """

    def __init__(self, threads, long_threads, clock, running_threads=RUNNING_THREADS):
        self.threads, self.long_threads = threads, long_threads
        self.clock, self.running_threads = clock, running_threads
        self.known = set()  # farms that the application has answered for
        self._farms, self._numbers, self._lock = {}, count(), threading.Lock()
        self._started_at = {}  # by id, of requests that have a thread and are not long
        self._thread = threading.local()

    def add(self, request):
        """Let a request wait for a thread. Raises TooManyWaiting."""
        with self._lock:
            farm = self._farms.setdefault(request.farm, _Farm())
            if sum(map(len, farm.waiting.values())) >= MAX_WAITING:
                raise TooManyWaiting
            farm.waiting[request.is_long].append((next(self._numbers), self.clock(), request))

    def take(self):
        """The next request for a thread that is free, or None."""
        with self._lock:
            candidates = [
                (farm.threads, farm.waiting[is_long][0][0], is_long, farm)
                for is_long in self._kinds()
                for farm in self._startable(is_long)
            ]
            if not candidates:
                return None
            threads, _, is_long, farm = min(candidates, key=lambda each: each[:2])
            if threads >= self._max_for_one(self.threads):
                return None
            farm.running[is_long] += 1
            request = farm.waiting[is_long].popleft()[-1]
            self._thread.is_long = is_long
            if not is_long:
                self._started_at[id(request)] = self.clock()
            return request

    def done(self, request):
        """The thread of a request that was taken is free again."""
        with self._lock:
            farm = self._farms[request.farm]
            farm.running[request.is_long] -= 1
            self._started_at.pop(id(request), None)
            if farm.is_gone:
                del self._farms[request.farm]

    def giving_way(self, answer, sleep=time.sleep):
        """The answer that this thread has for a request: if it is a long one, in between its parts
        brief requests that run now come first."""
        return _GivingWay(answer, self, sleep) if self._is_long() else answer

    def _is_long(self):
        return getattr(self._thread, "is_long", False)

    def has_brief(self):
        """Whether a brief request is running, or is about to."""
        since = self.clock() - RUNNING_SECONDS
        with self._lock:
            return any(at > since for at in self._started_at.values())

    def is_waiting(self):
        """Whether any request waits for a thread."""
        with self._lock:
            return any(any(farm.waiting.values()) for farm in self._farms.values())

    def may_start(self):
        """Whether a thread that looks for a request could find one."""
        with self._lock:
            if sum(farm.threads for farm in self._farms.values()) >= self.threads:
                return False
            return any(self._startable(is_long) for is_long in self._kinds())

    def expired(self):
        """The requests that have waited too long, which nobody takes any more."""
        oldest, expired = self.clock() - LONGEST_WAIT_SECONDS, []
        with self._lock:
            for name, farm in list(self._farms.items()):
                for queue in farm.waiting.values():
                    while queue and queue[0][1] < oldest:
                        expired.append(queue.popleft()[-1])
                if farm.is_gone:
                    del self._farms[name]
        return expired

    def _kinds(self):
        """By whether they are long: the requests that may have a thread now."""
        since = self.clock() - RUNNING_SECONDS
        running = sum(at > since for at in self._started_at.values())
        return (True, False) if running < self.running_threads else (True,)

    def _startable(self, is_long):
        """The farms whose next request of this kind may have a thread."""
        waiting = [farm for farm in self._farms.values() if farm.waiting[is_long]]
        if not is_long or not waiting:
            return waiting
        if sum(farm.running[True] for farm in self._farms.values()) >= self.long_threads:
            return []
        fewest = min(farm.running[True] for farm in waiting)
        if fewest >= self._max_for_one(self.long_threads):
            return []
        return [farm for farm in waiting if farm.running[True] == fewest]

    def _max_for_one(self, threads):
        return threads if len(self.known) < 2 else max(threads - 1, 1)


class _GivingWay:
    def __init__(self, answer, shares, sleep):
        self.answer, self.shares, self.sleep = answer, shares, sleep
        self.close = getattr(answer, "close", bool)

    def __iter__(self):
        for part in self.answer:
            yield part
            until = self.shares.clock() + GIVE_WAY_SECONDS
            while self.shares.has_brief() and self.shares.clock() < until:
                self.sleep(LOOK_SECONDS)
